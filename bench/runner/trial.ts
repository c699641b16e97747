// One trial: fresh processes, pinned to two CPUs, one result.
import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import type { Job } from "../ring/job.ts";
import type { Latencies } from "../ring/samples.ts";
import type { Row } from "../rows.ts";
import { programPath } from "./build.ts";
import { watchOthers } from "./load.ts";
import { peerPath } from "./peers.ts";
import { type Runtime, runtimeCommand } from "./runtimes.ts";

export interface Trial extends Latencies {
  /** Share of the machine that other programs and other guests of the host had meanwhile. */
  others: number;
}

export interface Times {
  warmUpMs: number;
  measureMs: number;
}

const TIMEOUT_MS = 60_000;
const CPU_OF = { measure: "0", serve: "1" } as const;
const prefix = `linux-ipc-bench-${process.pid}`;
const running = new Set<ChildProcess>();
let count = 0;

/** Runs a program to its end and answers the JSON of its last line. */
function finish(program: string, parameters: readonly string[]): Promise<Latencies> {
  const child = spawn(program, parameters, {
    stdio: ["ignore", "pipe", "pipe"],
    timeout: TIMEOUT_MS,
    killSignal: "SIGKILL",
  });
  running.add(child);
  let output = "";
  let errors = "";
  child.stdout.on("data", (text) => (output += text));
  child.stderr.on("data", (text) => (errors += text));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => {
      running.delete(child);
      const line = output.trim().split("\n").at(-1) ?? "";
      if (code === 0 && line.startsWith("{")) resolve(JSON.parse(line) as Latencies);
      else
        reject(new Error(`${program} ${parameters.join(" ")}\nended with ${signal ?? code}: ${errors.trim() || line}`));
    });
  });
}

function runNative(row: Row, times: Times): Promise<Latencies> {
  const options = { "warm-up-ms": times.warmUpMs, "measure-ms": times.measureMs, ...row.options };
  const parameters = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  return finish(programPath(row.program), parameters);
}

function jobOf(row: Row, times: Times): Omit<Job, "role"> {
  const name = row.kind === "socket" ? `${tmpdir()}/${prefix}-${++count}.sock` : `/${prefix}-${++count}`;
  const defaults = { size: 32, capacity: 1 << 18, paceMs: 0, group: 32, block: 4096, variant: "" };
  return { ...defaults, ...row.job, ...times, name, test: row.program };
}

async function runPeers(row: Row, runtime: Runtime, times: Times): Promise<Latencies> {
  const job = jobOf(row, times);
  const script = peerPath(`${row.kind}/peer`);
  const start = (role: Job["role"]) =>
    finish("taskset", ["-c", CPU_OF[role], ...runtimeCommand(runtime), script, JSON.stringify({ ...job, role })]);
  const both = [start("measure"), start("serve")];
  try {
    const [measured, served] = (await Promise.all(both)) as [Latencies, Latencies];
    return { ...measured, cpuMs: measured.cpuMs + served.cpuMs };
  } catch (error) {
    endAll();
    await Promise.allSettled(both);
    throw error;
  } finally {
    removeLeftovers();
  }
}

export async function runTrial(row: Row, runtime: Runtime | undefined, times: Times): Promise<Trial> {
  const othersShare = watchOthers();
  const result = runtime === undefined ? await runNative(row, times) : await runPeers(row, runtime, times);
  return { ...result, others: othersShare(result.cpuMs) };
}

function endAll(): void {
  for (const child of running) child.kill("SIGKILL");
}

/** Killed peers cannot remove their names. */
function removeLeftovers(): void {
  for (const folder of ["/dev/shm", tmpdir()]) {
    for (const name of readdirSync(folder)) {
      if (name.startsWith(prefix)) rmSync(`${folder}/${name}`, { force: true });
    }
  }
}

/** Ctrl-C: no process and no name is left behind. */
export function endOnSignals(): void {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      endAll();
      removeLeftovers();
      process.exit(130);
    });
  }
}
