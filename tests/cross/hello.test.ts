// The two programs of examples/hello, in every pair of runtimes, whichever of them starts first.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { after, describe, it } from "node:test";
import {
  cleanUp,
  objectExists,
  projectRoot,
  type Runtime,
  runPeer,
  runtimeNamed,
  spawnPeer,
  temporaryDirectory,
  uniqueName,
  within,
} from "../support/mod.ts";

const producer = new URL("../../examples/hello/producer.ts", import.meta.url);
const consumer = new URL("../../examples/hello/consumer.ts", import.meta.url);
const TIMEOUT_MS = 60_000;

const runtimes = ["bun", "deno", "node26"].map(runtimeNamed);
const agents: Record<string, RegExp> = { bun: /^Bun\//, deno: /^Deno\//, node22: /^Node/, node26: /^Node/ };

async function greet(from: Runtime, to: Runtime, first: "producer" | "consumer"): Promise<void> {
  const name = uniqueName("hello");
  const start = { producer: () => spawnPeer(from, producer, [name]), consumer: () => spawnPeer(to, consumer, [name]) };
  const early = start[first]();
  if (first === "producer") await within(early.ended, TIMEOUT_MS, "the producer ends without a consumer");
  const late = start[first === "producer" ? "consumer" : "producer"]();
  const ends = await within(Promise.all([early.ended, late.ended]), TIMEOUT_MS, "both end");
  const [sent, received] = first === "producer" ? ends : [ends[1], ends[0]];
  assert.deepEqual([sent.code, sent.stdout, sent.stderr], [0, "", ""]);
  assert.deepEqual([received.code, received.stderr], [0, ""]);
  const [hello, word, agent, rest] = received.stdout.split("\n");
  assert.deepEqual([hello, word, rest], ["hello", "from", ""]);
  assert.match(agent ?? "", agents[from.name] as RegExp);
  assert.equal(objectExists(name), false);
}

/** A program that sends one word and is killed before it closes. */
function dyingProducer(): string {
  const path = `${temporaryDirectory()}/dying.ts`;
  const lines = [
    'import process from "node:process";',
    `import { SpscRing } from ${JSON.stringify(`${projectRoot}mod.ts`)};`,
    "const producer = SpscRing.openOrCreate(process.argv[2], { capacity: 65536 }).producer();",
    'producer.trySend(new TextEncoder().encode("last words"));',
    'process.kill(process.pid, "SIGKILL");',
  ];
  writeFileSync(path, `${lines.join("\n")}\n`);
  return path;
}

async function greetAfterDeath(from: Runtime, to: Runtime): Promise<void> {
  const name = uniqueName("hello-death");
  assert.equal((await runPeer(from, dyingProducer(), [name])).signal, "SIGKILL");
  const receiver = spawnPeer(to, consumer, [name]);
  await receiver.lineOf("last words");
  assert.equal((await runPeer(from, producer, [name])).code, 0);
  const { code, stdout, stderr } = await within(receiver.ended, TIMEOUT_MS, "the consumer ends");
  assert.deepEqual([code, stdout.split("\n").slice(0, 3)], [0, ["last words", "hello", "from"]], stderr);
  assert.match(stderr, /^(A producer was killed before it closed\. Waiting for the next one\.\n)?$/);
  assert.equal(objectExists(name), false);
}

describe("hello", () => {
  after(cleanUp);

  for (const from of runtimes) {
    for (const to of runtimes) it(`${from.name} to ${to.name}`, () => greet(from, to, "consumer"));
  }
  for (const name of ["node22", "node26"]) {
    it(`${name} to itself, the producer first`, () => greet(runtimeNamed(name), runtimeNamed(name), "producer"));
  }
  for (const [from, to] of [
    ["bun", "deno"],
    ["deno", "node26"],
    ["node26", "bun"],
  ] as const) {
    it(`${from} to ${to}, after a producer that was killed`, () =>
      greetAfterDeath(runtimeNamed(from), runtimeNamed(to)));
  }
  it("bun to deno, the producer first", () => greet(runtimeNamed("bun"), runtimeNamed("deno"), "producer"));
});
