// One process of bench/call.ts: calls and ring operations through the FFI that this process has; mitata takes the figures.
import process from "node:process";
import { bench, do_not_optimize, run } from "mitata";
import { SpscRing } from "../../mod.ts";
import { environment } from "../../src/runtime/environment.ts";
import { clockMonotonic } from "../../src/sys/futex.ts";
import { TICK_SIZE, writeTick } from "../ring/messages.ts";

export type Row = [name: string, nanoseconds: number];

function addCalls(): void {
  const { calls, scratchAddress } = environment();
  bench("call without arguments", () => do_not_optimize(calls.abi_version()));
  bench("clock_gettime", () => do_not_optimize(clockMonotonic()));
  bench("futex wake, nobody asleep, 2 arguments", () => do_not_optimize(calls.futex_wake(scratchAddress, 1)));
}

function addRing(ring: SpscRing): void {
  const producer = ring.producer();
  const consumer = ring.consumer();
  const tick = new Uint8Array(TICK_SIZE);
  const kilobyte = new Uint8Array(1024);
  bench("ring, 32 B: claimAt, commit, peekAt, release", () => {
    writeTick(producer.i32, producer.f64, producer.claimAt(TICK_SIZE), 1);
    producer.commit();
    do_not_optimize(consumer.peekAt());
    consumer.release();
  });
  bench("ring, 32 B: trySend, tryReceive", () => {
    producer.trySend(tick);
    do_not_optimize(consumer.tryReceive());
  });
  bench("ring, 1 KiB: trySend, tryReceive", () => {
    producer.trySend(kilobyte);
    do_not_optimize(consumer.tryReceive());
  });
}

/** Prints its rows as JSON. */
async function measureAll(): Promise<void> {
  const ring = SpscRing.create(`/linux-ipc-bench-call-${process.pid}`, { capacity: 1 << 16, unlinkOnClose: true });
  addCalls();
  addRing(ring);
  const { benchmarks } = await run({ format: "quiet" });
  const rows = benchmarks.map(({ runs }): Row => [runs[0]?.name ?? "", runs[0]?.stats?.p50 ?? Number.NaN]);
  ring.close();
  console.log(JSON.stringify(rows));
}

await measureAll();
