// Single binaries: a compiled program carries the library with it.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { statSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { cleanUp, ownRuntime, spawnProgram, temporaryDirectory } from "../support/mod.ts";

const script = fileURLToPath(new URL("./binary.ts", import.meta.url));
const isBun = ownRuntime.name === "bun";
const skip = !isBun && "only Bun compiles without downloading anything";

describe("a program compiled into one file", () => {
  after(cleanUp);

  it("loads the embedded library, wherever it lies", { skip }, async () => {
    const folder = temporaryDirectory();
    const program = join(folder, "program");
    execFileSync(ownRuntime.command, ["build", "--compile", script, "--outfile", program], {
      cwd: folder,
      stdio: "pipe",
    });
    assert.ok(statSync(program).size > 1 << 20);
    const end = await spawnProgram(program, [], { cwd: folder }).ended;
    assert.equal(end.stdout, "hello\n", end.stderr);
    assert.equal(end.code, 0);
  });
});
