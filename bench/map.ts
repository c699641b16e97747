// node bench/map.ts [--rounds N] [--quick]: SharedMap against a map in C++ under a mutex, and against lmdb from npm.
import { execFileSync } from "node:child_process";
import { subjectOptions } from "./command_line.ts";
import type { MapBenchJob } from "./map/peer.ts";
import { saveSubject } from "./report/subject.ts";
import { buildProgram, programPath } from "./runner/build.ts";
import { QuietMoments } from "./runner/load.ts";
import { describeMachine, machineLine } from "./runner/machine.ts";
import { buildPeers, peerPath } from "./runner/peers.ts";
import { RUNTIMES, type Runtime, runtimeCommand } from "./runner/runtimes.ts";

/** lmdb's get must take so many times as long as ours. */
const BAR = 5;
const quiet = new QuietMoments();
const peer = peerPath("map/peer");
const native = programPath("map");

/** What lmdb does best for each way; `getInto` is its getBinaryFast, a view that the next one overwrites. */
const ROWS = [
  { title: "get a copy", way: "get", control: "get" },
  { title: "get into a buffer", way: "getInto", control: "get" },
  { title: "set", way: "set", control: "set" },
] as const;

function run(command: readonly string[]): number {
  const output = execFileSync("taskset", ["-c", "0", ...command], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 60_000,
  });
  return (JSON.parse(output.trim().split("\n").at(-1) as string) as { p50: number }).p50;
}

const runPeer = (runtime: Runtime, job: MapBenchJob) => run([...runtimeCommand(runtime), peer, JSON.stringify(job)]);

/** Undefined where lmdb cannot be loaded. */
function tryPeer(runtime: Runtime, job: MapBenchJob): number | undefined {
  try {
    return runPeer(runtime, job);
  } catch {
    return undefined;
  }
}

interface Finding {
  readonly title: string;
  readonly runtime: Runtime;
  readonly ours: number;
  readonly lru: number;
  readonly cpp: number;
  readonly lmdb: number | undefined;
}

function median(values: readonly (number | undefined)[]): number | undefined {
  const sorted = values.filter((value) => value !== undefined).sort((left, right) => left - right);
  return sorted[sorted.length >> 1];
}

/** By turns, so that all see the same machine. */
async function measure(
  { title, way, control }: (typeof ROWS)[number],
  runtime: Runtime,
  rounds: number,
  measureMs: number,
): Promise<Finding> {
  const takeTurn = async () => ({
    cpp: run([native, control, String(measureMs)]),
    ours: runPeer(runtime, { library: "shared-map", way, measureMs }),
    lmdb: tryPeer(runtime, { library: "lmdb", way, measureMs }),
    lru: runPeer(runtime, { library: "shared-map-lru", way, measureMs }),
  });
  const turns: Awaited<ReturnType<typeof takeTurn>>[] = [];
  for (let round = 0; round < rounds; round++) turns.push(await quiet.run(takeTurn));
  const middle = (of: "cpp" | "ours" | "lru") => median(turns.map((turn) => turn[of])) as number;
  const lmdb = median(turns.map((turn) => turn.lmdb));
  return { title, runtime, ours: middle("ours"), lru: middle("lru"), cpp: middle("cpp"), lmdb };
}

function say({ title, runtime, ours, lru, cpp, lmdb }: Finding): void {
  const figures = [ours, lru, cpp, lmdb].map((value) =>
    (value === undefined ? "none" : `${value.toFixed(0)} ns`).padStart(9),
  );
  const faster = lmdb === undefined ? "" : `${(lmdb / ours).toFixed(1)} x`;
  const verdict =
    lmdb === undefined || title === "set" ? "" : lmdb / ours >= BAR ? `at least ${BAR} x` : `LESS THAN ${BAR} x`;
  console.log(`${title.padEnd(19)}${runtime.padEnd(8)}${figures.join("")}${faster.padStart(9)}  ${verdict}`);
}

const { quick, rounds } = subjectOptions(
  "map.ts",
  "Gets and sets of a SharedMap, against a map in C++ under a mutex and against lmdb from npm.",
);
await buildProgram("map");
buildPeers();
const machine = machineLine(describeMachine(RUNTIMES, "zig c++ -O3 -march=native"));
console.log(`${machine}\n10,000 keys of 13 bytes, values of 64 bytes, one process`);
console.log(`${"".padEnd(27)}${["ours", "lru", "C++", "lmdb", "lmdb/ours"].map((head) => head.padStart(9)).join("")}`);
const findings: Finding[] = [];
for (const row of ROWS) {
  for (const runtime of RUNTIMES) {
    findings.push(await measure(row, runtime, rounds, quick ? 200 : 400));
    say(findings.at(-1) as Finding);
  }
}
const bars = findings
  .filter(({ title, lmdb }) => title !== "set" && lmdb !== undefined)
  .map(({ title, runtime, ours, lmdb = 0 }) => {
    const text = `SharedMap, ${title}: at least ${BAR} x as fast as lmdb`;
    return { text, runtime, nanoseconds: ours, ratio: lmdb / ours, met: lmdb / ours >= BAR };
  });
if (!quick) saveSubject("map", { machine, rounds, bars, findings });
