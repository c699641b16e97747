// The build of the shim: the same sources give the same bytes, wherever the checkout lies.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { cpSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { after, describe, it } from "node:test";
import { cleanUp, projectRoot, spawnProgram, temporaryDirectory } from "../support/mod.ts";

const outputs = ["linux-ipc-x64.so", "linux-ipc-arm64.so", "embedded.ts"];

function hashes(folder: string): string[] {
  return outputs.map((name) => {
    const hash = createHash("sha256").update(readFileSync(join(folder, "native", name)));
    return `${name} ${hash.digest("hex")}`;
  });
}

/** As much of the project as a build needs, in another place. */
function copyOfCheckout(): string {
  const folder = temporaryDirectory();
  for (const part of ["shim", "scripts", "package.json"])
    cpSync(projectRoot + part, join(folder, part), { recursive: true });
  symlinkSync(`${projectRoot}node_modules`, join(folder, "node_modules"));
  return folder;
}

describe("the build of the shim", () => {
  after(cleanUp);

  it("is reproducible: another checkout gives the libraries that lie in native/", async () => {
    const folder = copyOfCheckout();
    const program = 'const { buildShim } = await import("./scripts/build.mjs"); await buildShim();';
    const parameters = ["--input-type=module", "--eval", program];
    const end = await spawnProgram(process.execPath, parameters, { cwd: folder }).ended;
    assert.equal(end.code, 0, end.stdout + end.stderr);
    assert.deepEqual(hashes(folder), hashes(projectRoot));
  });
});
