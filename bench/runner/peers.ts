// The peers that are measured, with the library as npm has it: made anew by each run, in a folder of its own.
import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { fileURLToPath } from "node:url";

const project = new URL("../../", import.meta.url);
/** Another run, or a test, may measure at the same time. */
const folder = fileURLToPath(new URL(`dist/bench-${process.pid}`, project));

export function buildPeers(): void {
  const script = fileURLToPath(new URL("scripts/pack/bench.mjs", project));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  execFileSync(process.execPath, [script, folder], { stdio: ["ignore", "ignore", "inherit"] });
}

/** What a runtime is to run, for instance "ring/peer". */
export function peerPath(name: string): string {
  return `${folder}/bench/${name}.js`;
}
