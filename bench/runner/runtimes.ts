// How each runtime is started.
import { fileURLToPath } from "node:url";

export const RUNTIMES = ["bun", "deno", "node"] as const;
export type Runtime = (typeof RUNTIMES)[number];

function installed(program: string): string {
  return fileURLToPath(new URL(`../../node_modules/.bin/${program}`, import.meta.url));
}

const COMMANDS: Record<Runtime, readonly string[]> = {
  bun: [installed("bun")],
  deno: [installed("deno"), "run", "--allow-all"],
  node: [installed("node")],
};

export function runtimeCommand(runtime: Runtime): readonly string[] {
  return COMMANDS[runtime];
}
