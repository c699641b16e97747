// What is measured, as data. The native rows are the controls of the ring rows, the socket rows those of awaiting.
import type { Job } from "./ring/job.ts";
import type { Runtime } from "./runner/runtimes.ts";

export const QUESTIONS = {
  "round-trip": "Round trip of 32 bytes, both sides spinning",
  small: "Throughput of 32-byte messages",
  large: "Throughput of 1 KiB messages",
  awaiting: "Awaiting receive, one message at a time",
  blocking: "Blocking receive, one message at a time",
  lock: "Lock and unlock of a free mutex",
  "hand-off": "Hand-off of a mutex to one who sleeps for it",
  recovery: "From kill -9 of the holder to the next one's lock",
} as const;

export type Question = keyof typeof QUESTIONS;

export interface Row {
  id: string;
  question: Question;
  title: string;
  kind: "native" | "ring" | "socket" | "sync";
  /** Name of the native program, or of the test of the peer. */
  program: string;
  /** Of a native program. */
  options?: Record<string, number>;
  /** Of the peers. */
  job?: Partial<Job>;
  /** The rows that this one is compared with; with several, the fastest. Without: it is a control itself. */
  controls?: readonly string[];
  /** Only in these runtimes. */
  runtimes?: readonly Runtime[];
  /** Said for comparison, no bar depends on it: left out by --quick. */
  extra?: boolean;
  /** Needs longer to give enough samples. */
  timeFactor?: number;
}

const KIBIBYTE_RING = { size: 1024, capacity: 1 << 20, block: 1024 };
const PACE_MS = 1;

function native(question: Question, id: string, title: string, program: string, options: Record<string, number>): Row {
  return { id, question, title, kind: "native", program, options };
}

function ring(question: Question, control: string, id: string, title: string, program: string, job: Partial<Job>): Row {
  return { id, question, title, kind: "ring", program, job, controls: [control] };
}

function socket(id: string, title: string, variant: string, paceMs: number, runtimes?: readonly Runtime[]): Row {
  const row: Row = { id, question: "awaiting", title, kind: "socket", program: "awaiting", job: { variant, paceMs } };
  return runtimes === undefined ? row : { ...row, runtimes };
}

function sync(question: Question, controls: readonly string[], id: string, title: string, program: string): Row {
  return { id, question, title, kind: "sync", program, job: { paceMs: PACE_MS }, controls };
}

const NODE_NET = ["paced-net", "paced-bun", "paced-deno"];
const NODE_NET_ECHO = ["echo-net", "echo-bun", "echo-deno"];

/** One event in a millisecond. */
const SLOW_QUESTIONS: readonly Question[] = ["awaiting", "blocking", "hand-off"];

export const ROWS: readonly Row[] = [
  native("round-trip", "cpp-round-trip", "C++ SPSCQueue", "pingpong", { group: 32 }),
  ring("round-trip", "cpp-round-trip", "hot-round-trip", "claimAt + peekAt", "round-trip", { variant: "hot" }),
  ring("round-trip", "cpp-round-trip", "plain-round-trip", "trySend + tryReceive", "round-trip", { variant: "plain" }),
  {
    ...ring("round-trip", "cpp-round-trip", "sync-round-trip", "trySend + receiveSync", "round-trip", {
      variant: "sync",
    }),
    extra: true,
  },

  native("small", "cpp-small", "C++ SPSCQueue", "throughput", { size: 32, block: 4096 }),
  ring("small", "cpp-small", "small-drain", "claimAt > drainAt", "throughput", { variant: "claim>drain" }),
  ring("small", "cpp-small", "small-peek", "claimAt > peekAt", "throughput", { variant: "claim>peek" }),
  ring("small", "cpp-small", "small-plain", "trySend > tryReceive", "throughput", { variant: "plain>plain" }),
  ring("small", "cpp-small", "batch-drain", "64 in a fillAt > drainAt", "throughput", { variant: "fill>drain" }),
  ring("small", "cpp-small", "cork-drain", "64 in a cork > drainAt", "throughput", { variant: "cork>drain" }),
  native("large", "cpp-large", "C++ SPSCQueue, copied", "throughput", { size: 1024, slots: 1024, block: 1024 }),
  ring("large", "cpp-large", "large-copy", "copied in and out", "throughput", {
    variant: "copy>copy",
    ...KIBIBYTE_RING,
  }),
  ring("large", "cpp-large", "large-in-place", "copied in, read in place", "throughput", {
    variant: "copy>in-place",
    ...KIBIBYTE_RING,
  }),
  ring("large", "cpp-large", "large-plain", "trySend > tryReceive", "throughput", {
    variant: "plain>plain",
    ...KIBIBYTE_RING,
  }),

  socket("paced-net", "Unix socket, node:net", "node", PACE_MS),
  socket("paced-bun", "Unix socket, Bun.connect", "bun", PACE_MS, ["bun"]),
  socket("paced-deno", "Unix socket, Deno.connect", "deno", PACE_MS, ["deno"]),
  {
    ...ring("awaiting", "", "paced-ring", "await receive()", "awaiting", { paceMs: PACE_MS }),
    controls: NODE_NET,
  },
  socket("echo-net", "ping-pong / 2, node:net", "node", 0),
  socket("echo-bun", "ping-pong / 2, Bun.connect", "bun", 0, ["bun"]),
  socket("echo-deno", "ping-pong / 2, Deno.connect", "deno", 0, ["deno"]),
  { ...ring("awaiting", "", "echo-ring", "ping-pong / 2, await receive()", "awaiting", {}), controls: NODE_NET_ECHO },

  sync("awaiting", NODE_NET, "await-mutex", "await mutex.lock()", "awaited-hand-off"),

  native("blocking", "cpp-blocking", "C++ SPSCQueue + futex", "blocking", { "pace-us": PACE_MS * 1000 }),
  ring("blocking", "cpp-blocking", "blocking-ring", "receiveSync", "blocking", { paceMs: PACE_MS }),
  native("blocking", "cpp-blocking-echo", "ping-pong / 2, C++ + futex", "blocking", { "pace-us": 0 }),
  ring("blocking", "cpp-blocking-echo", "blocking-echo", "ping-pong / 2, receiveSync", "blocking", {}),

  native("lock", "cpp-lock", "C++ futex mutex", "locks", { test: 0 }),
  native("lock", "cpp-robust-lock", "pthread robust mutex", "locks", { test: 0, robust: 1 }),
  sync("lock", ["cpp-lock"], "lock-mutex", "Mutex: lockSync, unlock", "uncontended"),
  native("hand-off", "cpp-hand-off", "C++ futex mutex", "locks", { test: 1, "pace-us": PACE_MS * 1000 }),
  native("hand-off", "cpp-robust-hand-off", "pthread robust mutex", "locks", {
    test: 1,
    robust: 1,
    "pace-us": PACE_MS * 1000,
  }),
  sync("hand-off", ["cpp-hand-off"], "hand-off-mutex", "Mutex: lockSync", "hand-off"),
  native("recovery", "cpp-recovery", "pthread robust mutex", "locks", { test: 2 }),
  sync("recovery", ["cpp-recovery"], "recover-mutex", "Mutex: await lock()", "recovery"),
].map((row) => (SLOW_QUESTIONS.includes(row.question) ? { ...row, timeFactor: 2 } : row)) as Row[];

/** Throughput: the more the better, shown per second. The other questions are times. */
export function isThroughput(question: Question): boolean {
  return question === "small" || question === "large";
}
