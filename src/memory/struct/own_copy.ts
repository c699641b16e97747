// ownCopy: a function again, with caches of its own in the engine.

let copies = 0;

/**
 * Compiles `build` once more from its own text, so that this struct's getters and setters have their own type feedback.
 *
 * Engines keep one set of inline caches for all the functions that come from one place in the source. Getters that a
 * hundred structs share see a hundred kinds of object there, and a field then costs 50 ns in place of 1. The text must
 * name nothing but its parameters and the language's own. Where making code from text is forbidden, or a tool has put
 * foreign names into it, the function itself serves: slower, never different. The number at the end keeps V8 from
 * finding the text in its compilation cache, feedback included.
 */
export function ownCopy<Arguments extends unknown[], Built>(
  build: (...list: Arguments) => Built,
  ...list: Arguments
): Built {
  try {
    const copy = new Function(`return (${build}) /* ${++copies} */`)() as typeof build;
    return copy(...list);
  } catch {
    return build(...list);
  }
}
