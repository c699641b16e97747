// Which engine compiles this: JavaScriptCore in Bun, V8 in the others.

import process from "node:process";

export const isJavaScriptCore: boolean = "webkit" in process.versions;
