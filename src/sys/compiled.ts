// What the compilers of the engines make fast: the only differences between them that the hot paths know.

import { isJavaScriptCore } from "../runtime/javascript.ts";

/**
 * Whether a compiled loop copies elements of a BigUint64Array as plain 64-bit words. V8's does; JavaScriptCore's makes a
 * BigInt of each.
 */
export const copiesWideWords: boolean = !isJavaScriptCore;
