// The peers that are measured, with the library as npm has it: made anew by each run.
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const project = new URL("../../", import.meta.url);

export function buildPeers(): void {
  const script = fileURLToPath(new URL("scripts/pack/bench.mjs", project));
  execFileSync(process.execPath, [script], { stdio: ["ignore", "ignore", "inherit"] });
}

/** What a runtime is to run, for instance "ring/peer". */
export function peerPath(name: string): string {
  return fileURLToPath(new URL(`dist/bench/bench/${name}.js`, project));
}
