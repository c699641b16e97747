// Single files: a bundle or a compiled program carries the library with it.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { after, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { cleanUp, ownRuntime, runtimeNamed, spawnProgram, temporaryDirectory } from "../support/mod.ts";

const script = fileURLToPath(new URL("./binary.ts", import.meta.url));
const bun = runtimeNamed("bun").command;
const notBun = ownRuntime.name !== "bun" && "Bun compiles its own programs";
const notNewNode = ownRuntime.name !== "node26" && "Node 22 needs other programs for it";

/** A bundle of CommonJS as esbuild and others make it, in a folder of its own: `import.meta` is empty there. */
function makeBundle(): { folder: string; bundle: string } {
  const folder = temporaryDirectory();
  const bundle = join(folder, "bundle.cjs");
  const format = ["--format=cjs", "--target=node", "--define", "import.meta.url=undefined"];
  execFileSync(bun, ["build", script, ...format, "--outfile", bundle], { cwd: folder, stdio: "pipe" });
  return { folder, bundle };
}

/** Runs it where the embedded copy, and nothing else, can be written, and looks that nothing of it stays. */
async function saysHello(folder: string, command: string, parameters: readonly string[], environment = {}) {
  const temporary = join(folder, "temporary");
  mkdirSync(temporary);
  const options = { cwd: folder, environment: { ...environment, TMPDIR: temporary } };
  const end = await spawnProgram(command, [...parameters], options).ended;
  assert.equal(end.stdout, "hello\n", end.stderr);
  assert.equal(end.code, 0);
  assert.deepEqual(readdirSync(temporary), []);
}

describe("a program bundled into one file of CommonJS", () => {
  after(cleanUp);

  it("loads the embedded library, wherever it lies", async () => {
    const { folder, bundle } = makeBundle();
    const { command, parameters, environment } = ownRuntime;
    const own = environment.LINUX_IPC_BACKEND === "koffi" ? { LINUX_IPC_BACKEND: "" } : environment; // it is no part of it
    await saysHello(folder, command, [...parameters, bundle], own);
  });
});

describe("a program compiled into one file", () => {
  after(cleanUp);

  it("by Bun loads the embedded library, wherever it lies", { skip: notBun }, async () => {
    const folder = temporaryDirectory();
    const program = join(folder, "program");
    execFileSync(bun, ["build", "--compile", script, "--outfile", program], { cwd: folder, stdio: "pipe" });
    assert.ok(statSync(program).size > 1 << 20);
    await saysHello(folder, program, []);
  });

  it("by Node loads the embedded library, wherever it lies", { skip: notNewNode }, async () => {
    const { folder, bundle } = makeBundle();
    const config = { main: bundle, output: join(folder, "program"), disableExperimentalSEAWarning: true };
    writeFileSync(join(folder, "sea.json"), JSON.stringify(config));
    execFileSync(process.execPath, ["--build-sea", "sea.json"], { cwd: folder, stdio: "pipe" });
    await saysHello(folder, config.output, []);
  });
});
