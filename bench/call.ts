// What a call through each FFI costs, and the ring's operations within one process: node bench/call.ts
// One process per backend; in each, mitata takes the figures. Mechanisms between two processes are in bench/run.ts.
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { bench, do_not_optimize, run } from "mitata";
import { SpscRing } from "../mod.ts";
import { environment } from "../src/runtime/environment.ts";
import { clockMonotonic } from "../src/sys/futex.ts";
import { orExplain } from "./command_line.ts";
import { duration } from "./report/format.ts";
import { TICK_SIZE, writeTick } from "./ring/messages.ts";
import { type Runtime, runtimeCommand } from "./runner/runtimes.ts";

const BACKENDS: readonly { name: string; runtime: Runtime; variables: Record<string, string> }[] = [
  { name: "bun:ffi", runtime: "bun", variables: {} },
  { name: "Deno.dlopen", runtime: "deno", variables: {} },
  { name: "Node-API", runtime: "node", variables: { LINUX_IPC_BACKEND: "node-api" } },
  { name: "node:ffi", runtime: "node", variables: { LINUX_IPC_BACKEND: "node-ffi" } },
  { name: "koffi", runtime: "node", variables: { LINUX_IPC_BACKEND: "koffi" } },
];

/** Says to a process that it is one of those that measure. */
const HERE = "here";

type Row = [name: string, nanoseconds: number];

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

/** In the child: prints its rows as JSON. */
async function measureHere(): Promise<void> {
  const ring = SpscRing.create(`/linux-ipc-bench-call-${process.pid}`, { capacity: 1 << 16, unlinkOnClose: true });
  addCalls();
  addRing(ring);
  const { benchmarks } = await run({ format: "quiet" });
  const rows = benchmarks.map(({ runs }): Row => [runs[0]?.name ?? "", runs[0]?.stats?.p50 ?? Number.NaN]);
  ring.close();
  console.log(JSON.stringify(rows));
}

function measureBackend({ runtime, variables }: (typeof BACKENDS)[number]): Row[] {
  const [program, ...parameters] = runtimeCommand(runtime);
  const output = execFileSync(program as string, [...parameters, fileURLToPath(import.meta.url), HERE], {
    encoding: "utf8",
    env: { ...process.env, ...variables },
  });
  return JSON.parse(output.trim().split("\n").at(-1) as string) as Row[];
}

function printTable(): void {
  const columns = BACKENDS.map((backend) => {
    console.error(`measuring ${backend.name}...`);
    return measureBackend(backend);
  });
  const width = Math.max(...(columns[0] ?? []).map(([name]) => name.length));
  console.log("".padEnd(width), ...BACKENDS.map(({ name }) => name.padStart(12)));
  for (const [index, [name]] of (columns[0] ?? []).entries()) {
    console.log(name.padEnd(width), ...columns.map((rows) => duration(rows[index]?.[1] ?? Number.NaN).padStart(12)));
  }
}

const HELP = `What a call into the shim costs through each FFI, and the ring's operations within one process.

  node bench/call.ts [--help]`;

if (process.argv[2] === HERE) await measureHere();
else {
  orExplain(HELP, (args) => parseArgs({ args }));
  printTable();
}
