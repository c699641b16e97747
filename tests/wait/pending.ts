// Ten thousand pending waits of one process: what they cost while nothing happens, and that all of them end.

import { Participants, SharedMemory } from "../../mod.ts";
import { type Runtime, spawnPeer, uniqueName } from "../support/mod.ts";

const peer = new URL("./peer_pending.ts", import.meta.url);

/** How late a timer of 1 ms comes, in ms, and how much of one processor is used. */
export interface LoopFigures {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** The share of the time that went by in delays of more than 5 ms. */
  readonly stalledPercent: number;
  readonly cpuPercent: number;
}

export interface PendingFigures {
  /** Before the waits began. */
  readonly idle: LoopFigures;
  readonly pending: LoopFigures;
  readonly threads: number;
  /** How long it took to begin all of them, and to end all of them. */
  readonly beginMs: number;
  readonly endMs: number;
  /** How many were pending when it was measured. */
  readonly left: number;
}

/** Waits of four futexes, four events and two mutexes in ten; the mutexes are held by a process that is killed in the end. */
export async function runPending(runtime: Runtime, count: number, measureMs: number): Promise<PendingFigures> {
  const size = Participants.byteSize() + count * 128;
  const memory = SharedMemory.create(uniqueName("pending"), { size, unlinkOnClose: true });
  const parameters = [memory.name as string, count];
  const holder = spawnPeer(runtime, peer, ["hold", ...parameters]);
  try {
    await holder.lineOf("holding");
    const waiter = spawnPeer(runtime, peer, ["pend", ...parameters, measureMs]);
    const figures = JSON.parse(await waiter.line(60_000));
    waiter.write("end");
    holder.kill();
    const { endMs } = JSON.parse(await waiter.line(60_000));
    await waiter.ended;
    return { ...figures, endMs };
  } finally {
    holder.kill();
    memory.close();
  }
}
