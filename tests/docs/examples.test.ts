// Runs every example of the docstrings and of the README, and checks what each says it prints.

import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { pathToFileURL } from "node:url";
import {
  cleanUp,
  objectExists,
  ownRuntime,
  spawnPeer,
  temporaryDirectory,
  uniqueName,
  within,
} from "../support/mod.ts";

const project = join(import.meta.dirname, "../..");
const frontDoor = pathToFileURL(join(project, "mod.ts")).href;

/** The files that may hold examples. */
function sources(): string[] {
  const inSrc = readdirSync(join(project, "src"), { recursive: true, encoding: "utf8" });
  return ["README.md", "mod.ts", ...inSrc.filter((path) => path.endsWith(".ts")).map((path) => `src/${path}`)];
}

/** The first line of a program that readers copy into a file of its own: `// producer.mts`. */
const programName = /^\/\/ (\w+\.mts)\n/;

/** The ```ts blocks of a file that import the package by its name. */
function blocksOf(path: string): string[] {
  const text = readFileSync(join(project, path), "utf8").replace(/^ *\* ?/gm, "");
  const blocks = [...text.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map((match) => match[1]);
  return blocks.filter((block) => block.includes('from "@linux-ipc/core"') && !block.includes("// not run:"));
}

const examplesOf = (path: string) => blocksOf(path).filter((block) => !programName.test(block));

/** For the import of what stands here instead of an installed package. */
const importingHere = (block: string) => block.replaceAll('"@linux-ipc/core"', JSON.stringify(frontDoor));

/** Writes the programs of a file under their own names, with `name` in place of the object's; what these are. */
function writePrograms(path: string, folder: string, name: string): string[] {
  const programs = blocksOf(path).filter((block) => programName.test(block));
  return programs.map((program) => {
    const file = programName.exec(program)?.[1] as string;
    writeFileSync(join(folder, file), importingHere(program).replaceAll('"/hello"', JSON.stringify(name)));
    return file;
  });
}

/** What the comments behind its console.log calls promise. */
function promised(example: string): string[] {
  return [...example.matchAll(/console\.log\(.*\);\s*\/\/ (.*)$/gm)].map((match) => match[1].trim());
}

async function printed(file: string): Promise<string[]> {
  const lines: string[] = [];
  const { log } = console;
  console.log = (...values: unknown[]) => lines.push(values.map(String).join(" "));
  try {
    await import(pathToFileURL(file).href);
  } finally {
    console.log = log;
  }
  return lines;
}

describe("examples", () => {
  let directory = "";
  before(() => {
    directory = mkdtempSync(join(tmpdir(), "linux-ipc-test-examples-"));
  });
  after(() => rmSync(directory, { recursive: true }));

  const examples = sources().flatMap((path) => examplesOf(path).map((example, index) => ({ path, example, index })));
  it("stand in the docstrings", () => assert.ok(examples.length >= 4, `${examples.length} found`));

  for (const { path, example, index } of examples) {
    it(`of ${path}, number ${index + 1}, prints what it says`, async () => {
      const run = (attempt: number) => {
        const file = join(directory, `${path.replaceAll("/", "-")}-${index}-${attempt}.ts`);
        writeFileSync(file, `${importingHere(example)}\nexport {};\n`);
        return printed(file);
      };
      const expected = promised(example);
      let lines = await run(1);
      // Timers stand for other processes there, and a slow machine may be too late for one.
      if (example.includes("setTimeout(") && `${lines}` !== `${expected}`) lines = await run(2);
      assert.deepEqual(lines, expected);
    });
  }
});

describe("the two programs of the README", () => {
  after(cleanUp);

  for (const order of [
    ["consumer.mts", "producer.mts"],
    ["producer.mts", "consumer.mts"],
  ]) {
    it(`say hello when ${order[0]} is started first, and nothing else`, async () => {
      const [folder, name] = [temporaryDirectory(), uniqueName("readme")];
      assert.deepEqual(writePrograms("README.md", folder, name), ["producer.mts", "consumer.mts"]);
      const first = spawnPeer(ownRuntime, join(folder, order[0]), []);
      if (order[0] === "producer.mts") await within(first.ended, 30_000, "the producer's end");
      const second = spawnPeer(ownRuntime, join(folder, order[1]), []);
      const ends = await within(Promise.all([first.ended, second.ended]), 30_000, "both ends");
      const isConsumer = (index: number) => order[index] === "consumer.mts";
      for (const [index, { code, stdout, stderr }] of ends.entries()) {
        assert.deepEqual([stdout, stderr, code], [isConsumer(index) ? "hello from another process\n" : "", "", 0]);
      }
      assert.equal(objectExists(name), false);
    });
  }
});
