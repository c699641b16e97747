// C programs of the tests that include the public header, as its users compile them.

import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { type CompileOptions, compileC } from "./compile.ts";
import { projectRoot } from "./runtimes.ts";

const folder = `${projectRoot}include`;

/** What the header is made of: a program is compiled anew when a part of it has changed. */
function headerHash(): string {
  const hash = createHash("sha256");
  for (const path of readdirSync(folder, { recursive: true, encoding: "utf8" }).sort())
    if (path.endsWith(".h")) hash.update(readFileSync(`${folder}/${path}`));
  return hash.digest("hex");
}

/** The path of the program made of a source file of the project. */
export function compilePeer(path: string, options: CompileOptions = {}): string {
  const source = `${readFileSync(`${projectRoot}${path}`, "utf8")}\n/* ${headerHash()} */\n`;
  return compileC(source, { ...options, parameters: [`-I${folder}`, ...(options.parameters ?? [])] });
}
