// What the compilers of the engines make fast: the only differences between them that the hot paths know.

import { isJavaScriptCore } from "../runtime/javascript.ts";

/**
 * Whether a compiled loop copies elements of a BigUint64Array as plain 64-bit words. V8's does; JavaScriptCore's makes a
 * BigInt of each.
 */
export const copiesWideWords: boolean = !isJavaScriptCore;

/**
 * Whether elements of typed arrays are got and set faster than the same bytes through a DataView. JavaScriptCore's are, in
 * half the time; in V8 they take more, where the place in the array changes.
 */
export const prefersElements: boolean = isJavaScriptCore;
