// Runs one litmus: a hot and a cold process, and what the hot one counted.

import { Mutex, SharedMemory, SpscRing } from "../../mod.ts";
import { type Runtime, runPeer, spawnPeer, uniqueName } from "../support/mod.ts";
import type { LitmusJob, LitmusResult } from "./peer_litmus.ts";

export type { LitmusResult } from "./peer_litmus.ts";

/** Room for many messages, so that no look at the tail comes between; or for just one, so that each waits for room. */
const CAPACITY = { message: 1 << 16, space: 64 };
const program = new URL("./peer_litmus.ts", import.meta.url);

export type Litmus = Pick<LitmusJob, "edge" | "sleeps" | "rounds"> & {
  readonly runtime: Runtime;
  readonly withoutBarrier?: boolean;
  readonly timeoutMs: number;
};

function create(edge: LitmusJob["edge"], name: string): { close(): void } {
  if (edge === "lock") return Mutex.create(name, { unlinkOnClose: true });
  return SpscRing.create(name, { capacity: CAPACITY[edge], maxMessageSize: 48, unlinkOnClose: true });
}

/** Both sides of the same runtime. Throws when a side fails, or does not end in time. */
export async function runLitmus({
  runtime,
  timeoutMs,
  withoutBarrier = false,
  ...rest
}: Litmus): Promise<LitmusResult> {
  const name = uniqueName(`litmus-${runtime.name}`);
  const object = create(rest.edge, name);
  const shared = SharedMemory.create(`${name}-shared`, { size: 16384, unlinkOnClose: true });
  const parameters = (role: LitmusJob["role"]) => [
    JSON.stringify({ ...rest, role, name, withoutBarrier } satisfies LitmusJob),
  ];
  const cold = spawnPeer(runtime, program, parameters("cold"));
  try {
    const { code, signal, stdout, stderr } = await runPeer(runtime, program, parameters("hot"), { timeoutMs });
    if (stderr) console.error(stderr);
    if (code !== 0) throw new Error(`the hot side ended with ${signal ?? code}: ${stderr}${cold.stderr}`);
    return JSON.parse(stdout) as LitmusResult;
  } finally {
    cold.kill();
    object.close();
    shared.close();
  }
}
