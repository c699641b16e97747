// Code of a struct's own: compiled from text, with caches of its own in the engine.

let copies = 0;

/**
 * What the text of an expression stands for; it must name nothing but the language's own. The number at the end keeps V8
 * from finding the text in its compilation cache, feedback included. Undefined where making code from text is forbidden.
 */
export function compiled<Made>(expression: string): Made | undefined {
  try {
    return new Function(`"use strict"; return (${expression}) /* ${++copies} */`)() as Made;
  } catch {
    return undefined;
  }
}

/**
 * Compiles `build` once more from its own text, so that this struct's getters and setters have their own type feedback.
 *
 * Engines keep one set of inline caches for all the functions that come from one place in the source. Getters that a
 * hundred structs share see a hundred kinds of object there, and a field then costs 50 ns in place of 1. The text must
 * name nothing but its parameters and the language's own. Where making code from text is forbidden, or a tool has put
 * foreign names into it, the function itself serves: slower, never different.
 */
export function ownCopy<Arguments extends unknown[], Built>(
  build: (...list: Arguments) => Built,
  ...list: Arguments
): Built {
  try {
    return (compiled<typeof build>(String(build)) ?? build)(...list);
  } catch {
    return build(...list);
  }
}
