// The program of examples/shared_cache, in one runtime after the other: what one has computed the other one finds.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { cleanUp, mainRuntimes, objectExists, runPeer, uniqueName } from "../support/mod.ts";

const program = new URL("../../examples/shared_cache/main.ts", import.meta.url);
const agents: Record<string, string> = { bun: "Bun", deno: "Deno", node22: "Node.js", node26: "Node.js" };

describe("the shared cache", () => {
  after(cleanUp);

  it("gives each runtime what another one has computed", async () => {
    const name = uniqueName("cache");
    const outputs: string[] = [];
    for (const [index, runtime] of mainRuntimes.entries()) {
      const isLast = index === mainRuntimes.length - 1;
      const { code, stdout, stderr } = await runPeer(runtime, program, [name, ...(isLast ? ["--clear"] : [])]);
      assert.deepEqual([code, stderr], [0, ""]);
      outputs.push(stdout);
    }
    for (const [index, { name: runtime }] of mainRuntimes.entries()) {
      const [first, ...rest] = (outputs[index] as string).split("\n");
      assert.equal(first, `${agents[runtime]}: ACME 69.5 computed by Bun`);
      assert.equal(rest[3], `${1 + 4 * index} hits, 3 misses of all processes`);
    }
    assert.equal(objectExists(name), false);
  });
});
