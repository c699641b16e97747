// The C side of the scenes: one program that is killed, or judges what others have left.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { compilePeer } from "../../support/c_peer.ts";
import { projectRoot } from "../../support/mod.ts";
import type { AnyScene } from "./scene.ts";

/** The path of stepper.c's program. */
export function cPeer(): string {
  const folder = `${projectRoot}tests/sync/kill_points`;
  const hash = createHash("sha256"); // compiled anew with its parts
  for (const part of ["acts.h", "survivor.h"]) hash.update(readFileSync(`${folder}/${part}`));
  const parameters = ["-pthread", `-I${folder}`, `-DPARTS_HASH="${hash.digest("hex")}"`];
  return compilePeer("tests/sync/kill_points/stepper.c", { parameters });
}

/** Those whose survivors C judges: nobody waits beside them. */
export const isJudgedInC = ({ title, begin }: AnyScene): boolean =>
  begin === undefined && /^(Mutex|RwLock|Semaphore: owned|Once)/.test(title);
