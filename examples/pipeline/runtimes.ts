// The runtimes: where their programs are, and how each runs a TypeScript file.

import { existsSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

export const RUNTIMES = ["bun", "deno", "node"] as const;
export type Runtime = (typeof RUNTIMES)[number];

export const TITLES: Record<Runtime, string> = { bun: "Bun", deno: "Deno", node: "Node" };

/** The programs themselves, not the scripts that npm puts before some of them: a kill must reach the runtime. */
const PROGRAMS: Record<Runtime, readonly string[]> = {
  bun: ["bun/bin/bun.exe", ".bin/bun"],
  deno: ["deno/deno", ".bin/deno"],
  node: ["node/bin/node", ".bin/node"],
};

const PARAMETERS: Record<Runtime, readonly string[]> = {
  bun: ["run"],
  deno: ["run", "--quiet", "--allow-all", "--no-check"],
  node: ["--disable-warning=ExperimentalWarning"],
};

const modules = join(dirname(fileURLToPath(import.meta.url)), "../../node_modules");

/** Placeholders that say "the install script did not run" are small; the programs are many megabytes. */
const isProgram = (path: string) => existsSync(path) && statSync(path).size > 1 << 20;

function find(runtime: Runtime): string {
  const installed = PROGRAMS[runtime].map((path) => join(modules, path)).find(isProgram);
  if (installed !== undefined) return installed;
  return runtime === "node" && process.versions.bun === undefined ? process.execPath : runtime;
}

/** The command that runs a script, without the script: the program from node_modules, else the one in PATH. */
export function commandOf(runtime: Runtime): { program: string; parameters: readonly string[] } {
  return { program: find(runtime), parameters: PARAMETERS[runtime] };
}
