// The long form of tests/cross/ring.test.ts: a million random messages through each of the nine pairs.
//
//   node scripts/soak/pairs.ts [--messages 1000000] [--seed N]

import process from "node:process";
import { assertWhole, ninePairs, type PairResult, runPair } from "../../tests/cross/ring_pairs.ts";
import { cleanUp } from "../../tests/support/mod.ts";
import { progress, readNumbers, writeReport } from "./report.ts";

const { messages, seed } = readNumbers({ messages: 1_000_000, seed: Date.now() % 2 ** 31 });

interface Row extends PairResult {
  readonly pair: string;
  readonly seconds: number;
  readonly problem?: string;
}

function problemOf(result: PairResult): string | undefined {
  try {
    assertWhole(result, messages);
    return undefined;
  } catch {
    return "not whole";
  }
}

async function runRow(index: number): Promise<Row> {
  const [producer, consumer] = ninePairs[index] as (typeof ninePairs)[number];
  const pair = `${producer.name} to ${consumer.name}`;
  const started = performance.now();
  const result = await runPair(producer, consumer, {
    messages,
    seed: seed + index,
    timeoutMs: 120_000,
    onProgress: (received) => progress(`[${index + 1}/${ninePairs.length}] ${pair}: ${received} of ${messages}`),
  });
  const seconds = Math.round(performance.now() - started) / 1000;
  const problem = problemOf(result);
  console.log(`${pair}: ${result.received} messages in ${seconds} s${problem === undefined ? "" : `, ${problem}`}`);
  return { pair, seconds, ...result, ...(problem !== undefined && { problem }) };
}

const rows: Row[] = [];
try {
  for (const index of ninePairs.keys()) rows.push(await runRow(index));
} finally {
  cleanUp();
}
writeReport("pairs", { messagesPerPair: messages, seed, pairs: rows });
process.exitCode = rows.length === ninePairs.length && rows.every((row) => row.problem === undefined) ? 0 : 1;
