// What the compilers of the engines make fast: the only differences between them that the hot paths know.

import { isJavaScriptCore } from "../runtime/javascript.ts";

/**
 * Whether a compiled loop copies elements of a BigUint64Array as plain 64-bit words. V8's does; JavaScriptCore's makes a
 * BigInt of each.
 */
export const copiesWideWords: boolean = !isJavaScriptCore;

/**
 * Whether looking a string up in a Map is faster than reading its characters. In V8 a key of 13 characters is read in 80
 * to 200 ns and looked up in 20 to 80; in JavaScriptCore it is read in 20.
 */
export const looksUpFaster: boolean = !isJavaScriptCore;
