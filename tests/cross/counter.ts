// The counter test: processes of several runtimes, and C, increment one word under one mutex; the sum must be exact.

import { Mutex, SharedMemory } from "../../mod.ts";
import { ledgerDefinitions } from "../crash/lock_ledger.ts";
import { compilePeer } from "../support/c_peer.ts";
import { type Runtime, spawnPeer, spawnProgram, uniqueName, within } from "../support/mod.ts";

const program = new URL("./counter_peer.ts", import.meta.url);

export interface CounterResult {
  readonly processes: string;
  readonly rounds: number;
  readonly total: number;
  /** How often the one inside was another one than before. */
  readonly handOffs: number;
  /** From the common start until the last one has ended; ms. */
  readonly milliseconds: number;
}

function start(runtime: Runtime | "C", names: { mutex: string; memory: string }, rounds: number) {
  const parameters = [names.mutex, names.memory, String(rounds)];
  if (runtime !== "C") return spawnPeer(runtime, program, parameters);
  const cPeer = compilePeer("tests/cross/lock_peer.c", { parameters: ledgerDefinitions });
  return spawnProgram(cPeer, ["COUNT", ...parameters]);
}

/** Each process does so many rounds; all start together. */
export async function countTogether(
  processes: readonly (Runtime | "C")[],
  rounds: number,
  timeoutMs: number,
): Promise<CounterResult> {
  const names = { mutex: uniqueName("counter"), memory: uniqueName("count") };
  const mutex = Mutex.create(names.mutex, { unlinkOnClose: true });
  const memory = SharedMemory.create(names.memory, { size: 4096, unlinkOnClose: true });
  const peers = processes.map((runtime) => start(runtime, names, rounds));
  try {
    for (const peer of peers) await peer.lineOf("ready");
    const begin = performance.now();
    for (const peer of peers) peer.write("go");
    for (const { code, stderr } of await within(
      Promise.all(peers.map(({ ended }) => ended)),
      timeoutMs,
      "the counters",
    ))
      if (code !== 0) throw new Error(`a counter ended with ${code}: ${stderr}`);
    const [total, , handOffs] = new Int32Array(memory.buffer) as unknown as [number, number, number];
    const milliseconds = Math.round(performance.now() - begin);
    const named = processes.map((one) => (one === "C" ? one : one.name)).join(", ");
    return { processes: named, rounds, total, handOffs, milliseconds };
  } finally {
    for (const peer of peers) peer.kill();
    memory.close();
    mutex.close();
  }
}
