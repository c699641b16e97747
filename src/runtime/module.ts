// Where this module lies, as far as anybody knows: in a bundle it is the bundle.

import process from "node:process";
import { pathToFileURL } from "node:url";

/** Undefined in a bundle of CommonJS: `import.meta` is empty there. */
export const moduleUrl: string | undefined = import.meta.url;

/** From where packages are looked for: such a bundle is the main program, more often than not. */
export function requireBase(): string {
  return moduleUrl ?? pathToFileURL(process.argv[1] ?? process.execPath).href;
}
