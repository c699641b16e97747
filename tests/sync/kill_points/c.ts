// The C side of the scenes: one program that is killed, or judges what others have left.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import process from "node:process";
import { compilePeer } from "../../support/c_peer.ts";
import { projectRoot } from "../../support/mod.ts";
import type { AnyScene } from "./scene.ts";

/** On aarch64 a step ends the reservation of a load-exclusive: without LSE no compare-exchange would ever succeed. */
const atomics = process.arch === "arm64" ? ["-mcpu=generic+lse"] : [];

/** Whether the processor has what `atomics` asks for. */
export const canStep = process.arch !== "arm64" || / atomics\b/.test(readFileSync("/proc/cpuinfo", "utf8"));

/** The path of the program of a C file that steps through victims; it may include the headers here. */
export function compileStepper(path: string, parameters: readonly string[] = []): string {
  const folder = `${projectRoot}tests/sync/kill_points`;
  const hash = createHash("sha256"); // compiled anew with its parts
  for (const part of ["acts.h", "step.h", "survivor.h"]) hash.update(readFileSync(`${folder}/${part}`));
  const usual = [...atomics, "-pthread", `-I${folder}`, `-DPARTS_HASH="${hash.digest("hex")}"`];
  return compilePeer(path, { parameters: [...usual, ...parameters] });
}

/** The path of stepper.c's program. */
export const cPeer = (): string => compileStepper("tests/sync/kill_points/stepper.c");

/** Those whose survivors C judges: nobody waits beside them. */
export const isJudgedInC = ({ title, begin }: AnyScene): boolean =>
  begin === undefined && /^(Mutex|RwLock|Semaphore: owned|Once)/.test(title);
