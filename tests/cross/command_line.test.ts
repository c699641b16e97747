// The command lines of the scripts: what is typed wrongly ends them with 2, before they have done anything.

import assert from "node:assert/strict";
import process from "node:process";
import { after, describe, it } from "node:test";
import { cleanUp, projectRoot, spawnProgram } from "../support/mod.ts";

const wrong: [command: string, message: RegExp][] = [
  ["nothing", /no command is called "nothing"/],
  ["test --nothing", /Unknown option '--nothing'/],
  ["test --timeout soon", /--timeout takes seconds, not "soon"/],
  ["test --runtime nothing", /no runtime is called nothing; there are bun, deno/],
  ["test no/such/file", /no test file matches no\/such\/file/],
  ["check --nothing", /Unknown option '--nothing'/],
  ["check nothing", /no check is called nothing; there are format/],
  ["build --nothing", /Unknown option '--nothing'/],
  ["build --sanitize", /--sanitize needs --out/],
  ["pack --nothing", /Unknown option '--nothing'/],
  ["start --nothing", /Unknown option '--nothing'/],
  ["bench --nothing", /Unknown option '--nothing'/],
];

describe("scripts/run.mjs", () => {
  after(cleanUp);

  for (const [command, message] of wrong) {
    it(`ends with 2: ${command}`, async () => {
      const parameters = [`${projectRoot}scripts/run.mjs`, ...command.split(" ")];
      const { code, stderr } = await spawnProgram(process.execPath, parameters).ended;
      assert.equal(code, 2, stderr);
      assert.match(stderr, message);
    });
  }
});
