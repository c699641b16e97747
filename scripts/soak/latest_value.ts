// The long runs of LatestValue: torn reads of an order book (none), beside a plain copy in C, and kills of its writer.
//
//   node scripts/soak/latest_value.ts [--reads 100000000] [--kills 10000] [--seed N]      0 leaves a part out

import process from "node:process";
import { ValueSupervisor } from "../../tests/crash/latest_value_supervisor.ts";
import { countTornPlain, huntTorn, type TornResult } from "../../tests/cross/latest_value_torn.ts";
import { cleanUp, mainRuntimes, type Runtime, runtimes } from "../../tests/support/mod.ts";
import { progress, readNumbers, writeReport } from "./report.ts";

const { reads, kills, seed } = readNumbers({ reads: 100_000_000, kills: 10_000, seed: Date.now() % 2 ** 31 });
/** The control needs no more to show its share. */
const PLAIN_READS_MOST = 10_000_000;
const PROGRESS_EVERY_KILLS = 20;

interface Row extends TornResult {
  readonly writer: string;
  readonly reader: string;
}

/** Each runtime reads a fourth, of a writer of the next one. */
async function huntRow(index: number): Promise<Row> {
  const [reader, writer] = [mainRuntimes[index] as Runtime, mainRuntimes[(index + 1) % 4] as Runtime];
  const what = `[${index + 1}/4] ${reader.name} reads what ${writer.name} writes`;
  const result = await huntTorn({
    writer,
    reader,
    reads: reads / 4,
    onProgress: (done) => progress(`${what}: ${done} of ${reads / 4}`),
  });
  console.log(`${what}: ${result.torn} torn of ${result.reads}, ${result.nanosecondsPerRead} ns each`);
  return { reader: reader.name, writer: writer.name, ...result };
}

async function hunt(): Promise<boolean> {
  const plainReads = Math.min(reads, PLAIN_READS_MOST);
  const plainTorn = await countTornPlain(plainReads, 600_000);
  console.log(`plain copies in C: ${plainTorn} torn of ${plainReads}`);
  const rows: Row[] = [];
  for (const index of mainRuntimes.keys()) rows.push(await huntRow(index));
  const total = rows.reduce((sum, row) => sum + row.reads, 0);
  const torn = rows.reduce((sum, row) => sum + row.torn + row.backwards, 0);
  const plainC = { reads: plainReads, torn: plainTorn, share: plainTorn / plainReads };
  writeReport("latest_value_torn", { bookBytes: 336, reads: total, torn, rows, plainC });
  return torn === 0;
}

async function kill(): Promise<boolean> {
  const readers = mainRuntimes.filter(({ name }) => name !== "node22");
  const onProgress = (done: number, published: number) => {
    if (done % PROGRESS_EVERY_KILLS === 0) progress(`${done} of ${kills} kills, ${published} values`);
  };
  const started = performance.now();
  const report = await new ValueSupervisor({ kills, seed, runtimes, readers, spares: 3, onProgress }).run();
  const seconds = Math.round((performance.now() - started) / 1000);
  console.log(JSON.stringify(report));
  writeReport("latest_value_kills", { seed, seconds, ...report });
  const faults = Object.values(report.faults).reduce((sum, count) => sum + count, 0);
  return faults === 0 && report.readers.every(({ sawTheLast }) => sawTheLast);
}

try {
  const isWhole = reads === 0 || (await hunt());
  const hasSurvived = kills === 0 || (await kill());
  process.exitCode = isWhole && hasSurvived ? 0 : 1;
} finally {
  cleanUp();
}
