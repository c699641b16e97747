// The C side of the scenes: one program that is killed, or judges what others have left.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { compilePeer } from "../../support/c_peer.ts";
import { projectRoot } from "../../support/mod.ts";
import type { AnyScene } from "./scene.ts";

/** The path of stepper.c's program. */
export function cPeer(): string {
  const folder = `${projectRoot}tests/sync/kill_points`;
  const part = createHash("sha256")
    .update(readFileSync(`${folder}/survivor.h`))
    .digest("hex"); // compiled anew with it
  const parameters = ["-pthread", `-I${folder}`, `-DSURVIVOR_HASH="${part}"`];
  return compilePeer("tests/sync/kill_points/stepper.c", { parameters });
}

/** Those whose survivors C judges: nobody waits beside them. */
export const isJudgedInC = ({ title, begin }: AnyScene): boolean =>
  begin === undefined && /^(Mutex|RwLock|Semaphore: owned|Once)/.test(title);
