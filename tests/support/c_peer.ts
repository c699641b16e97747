// C programs of the tests that include the public header, which becomes part of their source.

import { readFileSync } from "node:fs";
import { type CompileOptions, compileC } from "./compile.ts";
import { projectRoot } from "./runtimes.ts";

const read = (path: string) => readFileSync(`${projectRoot}${path}`, "utf8");

/** The path of the program made of a source file of the project. */
export function compilePeer(path: string, options: CompileOptions = {}): string {
  const source = read(path).replace('#include "linux_ipc.h"', () => read("include/linux_ipc.h"));
  return compileC(`#ifndef _GNU_SOURCE\n#define _GNU_SOURCE\n#endif\n${source}`, options);
}
