// One trial: fresh processes pinned to their own processors, the nanoseconds of one operation as the result.
import { execFile, spawn } from "node:child_process";
import process from "node:process";
import { promisify } from "node:util";
import { LatestValue, SharedMemory } from "../../mod.ts";
import { buildProgram, programPath } from "../runner/build.ts";
import { buildPeers, peerPath } from "../runner/peers.ts";
import { type Runtime, runtimeCommand } from "../runner/runtimes.ts";
import type { ValueBenchJob } from "./peer.ts";

const run = promisify(execFile);
const native = programPath("latest_value");
const peer = peerPath("latest_value/peer");
const BOOK_BYTES = 336;
const TIMEOUT_MS = 60_000;

export interface Row {
  readonly title: string;
  readonly way: string;
  /** One book every so many ns, by another process; 0 = nobody else. */
  readonly paceNs: number;
}

export interface Times {
  readonly warmUpMs: number;
  readonly measureMs: number;
}

/** The control in C++, and our peer. */
export async function build(): Promise<void> {
  buildPeers();
  await buildProgram("latest_value");
}

const middle = (output: string): number =>
  (JSON.parse(output.trim().split("\n").at(-1) as string) as { p50: number }).p50;

export async function runControl({ way, paceNs }: Row, { warmUpMs, measureMs }: Times): Promise<number> {
  const options = { "warm-up-ms": warmUpMs, "measure-ms": measureMs, "pace-ns": paceNs };
  const write = way === "write" || way === "claim" ? 1 : 0;
  const parameters = Object.entries({ ...options, write }).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const command = paceNs === 0 ? ["taskset", "-c", "0", native] : [native];
  const [program, ...rest] = [...command, ...parameters] as [string, ...string[]];
  return middle((await run(program, rest, { timeout: TIMEOUT_MS })).stdout);
}

export async function runOurs(row: Row, runtime: Runtime, times: Times): Promise<number> {
  const name = `/linux-ipc-bench-${process.pid}-latest`;
  const latest = LatestValue.create(name, { size: BOOK_BYTES, unlinkOnClose: true });
  const stop = SharedMemory.create(`${name}-stop`, { size: 4096, unlinkOnClose: true });
  const writer = latest.writer();
  writer.write(new Uint8Array(BOOK_BYTES));
  writer.close();
  const command = (way: string, processor: number) => {
    const job: ValueBenchJob = { name, way, paceNs: row.paceNs, ...times };
    return ["-c", String(processor), ...runtimeCommand(runtime), peer, JSON.stringify(job)];
  };
  const other = row.paceNs === 0 ? undefined : spawn("taskset", command("pace", 1), { stdio: "inherit" });
  try {
    return middle((await run("taskset", command(row.way, 0), { timeout: TIMEOUT_MS })).stdout);
  } finally {
    other?.kill("SIGKILL");
    latest.close();
    stop.close();
  }
}
