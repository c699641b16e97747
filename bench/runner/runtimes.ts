// How each runtime is started.
import process from "node:process";
import { fileURLToPath } from "node:url";

export const RUNTIMES = ["bun", "deno", "node"] as const;
export type Runtime = (typeof RUNTIMES)[number];

function installed(program: string): string {
  return fileURLToPath(new URL(`../../node_modules/.bin/${program}`, import.meta.url));
}

const COMMANDS: Record<Runtime, readonly string[]> = {
  bun: [installed("bun")],
  deno: [installed("deno"), "run", "--allow-all", "--no-check"],
  node: [installed("node"), "--disable-warning=ExperimentalWarning"],
};

/** How the runtime that runs this starts another program. */
export function ownCommand(): readonly string[] {
  if (process.versions.bun !== undefined) return COMMANDS.bun;
  return "Deno" in globalThis ? COMMANDS.deno : COMMANDS.node;
}

export function runtimeCommand(runtime: Runtime): readonly string[] {
  return COMMANDS[runtime];
}
