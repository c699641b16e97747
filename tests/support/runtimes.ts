// The runtimes and backends that tests start as real processes, and which of them this process is.

import { existsSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** One row of the matrix: a program and, on Node, how it calls the shim. */
export interface Runtime {
  readonly name: string;
  /** The program's absolute path. */
  readonly command: string;
  /** What stands before the script on the command line. */
  readonly parameters: readonly string[];
  /** Variables that choose the backend. */
  readonly environment: Readonly<Record<string, string>>;
}

/** The checkout, with a slash at its end. */
export const projectRoot = fileURLToPath(new URL("../../", import.meta.url));

/** A program among the installed packages. */
export function installed(path: string): string {
  const program = `${projectRoot}node_modules/${path}`;
  if (!existsSync(program)) throw new Error(`${program} is not installed; run: node scripts/setup.mjs`);
  return program;
}

/** Without them each Node process strips the types of the whole library again: two thirds of its start and more. */
const compileCache = `${projectRoot}node_modules/.cache/node-compile`;
const stripCache = { NODE_OPTIONS: `--import=${projectRoot}scripts/test/strip-cache.mjs` };

/** A Node process; the names of its warnings are silenced, so that its stderr holds only what went wrong. */
function node(name: string, folder: string, backend: string): Runtime {
  const parameters = ["--disable-warning=ExperimentalWarning"];
  const caches = { NODE_COMPILE_CACHE: compileCache, ...(folder === "node22" && stripCache) };
  const environment = { LINUX_IPC_BACKEND: backend, ...caches };
  return { name, command: installed(`${folder}/bin/node`), parameters, environment };
}

/** All seven. The first four are one of each runtime with its usual backend. */
export const runtimes: readonly Runtime[] = [
  { name: "bun", command: installed("bun/bin/bun.exe"), parameters: ["run"], environment: {} },
  { name: "deno", command: installed("deno/deno"), parameters: ["run", "-A", "--no-check"], environment: {} },
  node("node22", "node22", "node-api"),
  node("node26", "node", "node-api"),
  node("node22-koffi", "node22", "koffi"),
  node("koffi", "node", "koffi"),
  node("node-ffi", "node", "node-ffi"),
];

export function runtimeNamed(name: string): Runtime {
  const found = runtimes.find((runtime) => runtime.name === name);
  if (found === undefined) throw new RangeError(`no runtime is called ${name}`);
  return found;
}

/** One of each: Bun, Deno, the oldest and the newest Node. */
export const mainRuntimes: readonly Runtime[] = runtimes.slice(0, 4);

function ownName(): string {
  if (process.versions.bun !== undefined) return "bun";
  if ("Deno" in globalThis) return "deno";
  const backend = process.env.LINUX_IPC_BACKEND || "node-api";
  const version = process.versions.node.startsWith("22.") ? "node22" : "node26";
  if (backend === "node-api") return version;
  return version === "node22" ? `node22-${backend}` : backend;
}

/** What this very process is, for children of the same kind. */
export const ownRuntime: Runtime = runtimeNamed(ownName());
