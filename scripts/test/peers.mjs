// The bundles of the tests' peers, for spawnPeer of tests/support/peer.ts.
import { execFileSync } from "node:child_process";
import process from "node:process";
import { inProject } from "../shared/paths.mjs";

/** Makes them anew, which takes some seconds, and tells this process and its children where they stand. */
export function bundlePeers() {
  const folder = execFileSync(process.execPath, [inProject("scripts/test/bundle.mjs")], { encoding: "utf8" });
  process.env.LINUX_IPC_TEST_PEERS = folder.trim();
}
