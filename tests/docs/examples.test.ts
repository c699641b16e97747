// Runs every example of the docstrings and of the README, and checks what each says it prints.

import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { pathToFileURL } from "node:url";

const project = join(import.meta.dirname, "../..");
const frontDoor = pathToFileURL(join(project, "mod.ts")).href;

/** The files that may hold examples. */
function sources(): string[] {
  const inSrc = readdirSync(join(project, "src"), { recursive: true, encoding: "utf8" });
  return ["README.md", "mod.ts", ...inSrc.filter((path) => path.endsWith(".ts")).map((path) => `src/${path}`)];
}

/** The ```ts blocks of a file that import the package by its name. */
function examplesOf(path: string): string[] {
  const text = readFileSync(join(project, path), "utf8").replace(/^ *\* ?/gm, "");
  const blocks = [...text.matchAll(/^```ts\n([\s\S]*?)^```/gm)].map((match) => match[1]);
  return blocks.filter((block) => block.includes('from "@linux-ipc/core"') && !block.includes("// not run:"));
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
      const file = join(directory, `${path.replaceAll("/", "-")}-${index}.ts`);
      writeFileSync(file, `${example.replaceAll('"@linux-ipc/core"', JSON.stringify(frontDoor))}\nexport {};\n`);
      assert.deepEqual(await printed(file), promised(example));
    });
  }
});
