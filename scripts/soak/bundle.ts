// Peers of long runs start from bundles, as those of `npm test` do.

import { execFileSync } from "node:child_process";
import process from "node:process";
import { projectRoot } from "../../tests/support/mod.ts";

/** Makes them anew, and tells spawnPeer where they stand. */
export function bundlePeers(): void {
  const script = `${projectRoot}scripts/test/bundle.mjs`;
  const folder = execFileSync(process.execPath, [script], { encoding: "utf8" });
  process.env.LINUX_IPC_TEST_PEERS = folder.trim();
}
