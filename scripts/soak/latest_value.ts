// The long runs of LatestValue: torn reads of an order book (none), beside a plain copy in C, and kills of its writer.
//
//   node scripts/soak/latest_value.ts [--reads 100000000] [--kills 10000] [--seconds 86400] [--seed N]
//
// 0 leaves a part out. The kills go on where the last run ended.

import process from "node:process";
import { ValueSupervisor } from "../../tests/crash/latest_value_supervisor.ts";
import { countTornPlain, huntTorn, type TornResult } from "../../tests/cross/latest_value_torn.ts";
import { cleanUp, mainRuntimes, type Runtime, runtimes } from "../../tests/support/mod.ts";
import { runPart } from "./accumulate.ts";
import { progress, readNumbers, writeReport } from "./report.ts";

const { reads, kills, seconds, seed } = readNumbers({
  reads: 100_000_000,
  kills: 10_000,
  seconds: 86_400,
  seed: Date.now() % 2 ** 31,
});
/** The control needs no more to show its share. */
const PLAIN_READS_MOST = 10_000_000;
const [SIZE, SPARES] = [3, 8];

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

function kill(): Promise<boolean> {
  return runPart("latest_value_kills", { kills, seconds, seed }, async (part) => {
    const readers = mainRuntimes.filter(({ name }) => name !== "node22");
    const report = await new ValueSupervisor({ ...part, runtimes, readers, size: SIZE, spares: SPARES }).run();
    const unseen = report.readers.filter(({ sawTheLast }) => !sawTheLast).length;
    return { ...report, faults: { ...report.faults, unseen } };
  });
}

try {
  const isWhole = reads === 0 || (await hunt());
  const hasSurvived = kills === 0 || (await kill());
  process.exitCode = isWhole && hasSurvived ? 0 : 1;
} finally {
  cleanUp();
}
