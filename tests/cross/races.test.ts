// A race of all runtimes for one name: exactly one creates.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { cleanUp, mainRuntimes, type Runtime, spawnPeer, uniqueName } from "../support/mod.ts";

const peer = new URL("../memory/peer.ts", import.meta.url);

/** All runtimes take part; most are the one that starts fastest. */
function racer(index: number): Runtime {
  return index < 12 ? mainRuntimes[index % mainRuntimes.length] : mainRuntimes[0];
}

describe("racing for one name", () => {
  after(cleanUp);

  it("of 64 processes that open or create it at one instant, exactly one creates it", {
    timeout: 120_000,
  }, async () => {
    const name = uniqueName("race");
    const racers = Array.from({ length: 64 }, (_, index) =>
      spawnPeer(racer(index), peer, ["openOrCreate", name, 65536]),
    );
    for (const one of racers) assert.equal(await one.line(90_000), "ready"); // they start at a time
    const start = Date.now() + 200;
    for (const one of racers) one.write(String(start));
    const ends = await Promise.all(racers.map((one) => one.ended));
    const answers = ends.map(({ stdout, stderr }) => stdout.split("\n")[1] ?? stderr);
    assert.deepEqual(
      answers.filter((answer) => answer !== "false 65536 true"),
      ["true 65536 true"],
    );
  });
});
