// Long runs in parts: each part's report is added to what was there, until there were as many kills as are asked for.

import { existsSync, readFileSync } from "node:fs";
import type { CrashOptions } from "../../tests/crash/crew.ts";
import { bundlePeers } from "./bundle.ts";
import { progress, reportPath, writeReport } from "./report.ts";

const PROGRESS_EVERY_KILLS = 100;

/** What a part is to do. */
type PartOptions = Pick<CrashOptions, "kills" | "seconds" | "seed" | "onProgress">;

export interface PartialReport {
  readonly kills: number;
  readonly faults: Readonly<Record<string, number>>;
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;

/** Numbers are added, but the longest of two is the longer; what must hold must hold in both; texts are listed. */
export function add(a: unknown, b: unknown, name = ""): unknown {
  if (a === undefined || b === undefined) return a ?? b;
  if (typeof a === "number") return name === "longest" ? Math.max(a, Number(b)) : a + Number(b);
  if (typeof a === "boolean") return a && b;
  if (Array.isArray(a)) return a.map((item, index) => add(item, (b as unknown[])[index], name));
  if (!isObject(a) || !isObject(b)) return a === b ? a : `${a}, ${b}`;
  return Object.fromEntries(
    [...new Set([...Object.keys(a), ...Object.keys(b)])].map((key) => [key, add(a[key], b[key], key)]),
  );
}

/** What earlier parts came to; undefined when there are none, or there were enough. */
function earlierParts(name: string, kills: number): (PartialReport & { machine: string }) | undefined {
  const path = reportPath(name);
  const total = existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : undefined;
  return total !== undefined && total.kills < kills ? total : undefined;
}

/** Runs a part of what is missing to `kills`, and writes the sum. Whether it is without fault. */
export async function runPart<Report extends PartialReport>(
  name: string,
  { kills, seconds, seed }: { kills: number; seconds: number; seed: number },
  run: (part: PartOptions) => Promise<Report>,
): Promise<boolean> {
  const earlier = earlierParts(name, kills);
  const before = earlier?.kills ?? 0;
  let said = 0;
  const onProgress = (done: number) => {
    if (done < said + PROGRESS_EVERY_KILLS) return;
    said = done;
    progress(`${before + done} of ${kills} kills`);
  };
  bundlePeers();
  const started = performance.now();
  const report = await run({ kills: kills - before, seconds, seed, onProgress });
  const took = Math.round((performance.now() - started) / 1000);
  console.log(JSON.stringify(report));
  console.log(`${report.kills} kills in ${took} s`);
  const { machine: _, ...parts } = earlier ?? { machine: "" };
  const total = add(earlier && parts, { seeds: `${seed}`, seconds: took, ...report }) as Report;
  writeReport(name, total);
  const faults = Object.values(total.faults).reduce((all, count) => all + count, 0);
  console.log(`${total.kills} of ${kills} kills, ${faults} faults`);
  return faults === 0;
}
