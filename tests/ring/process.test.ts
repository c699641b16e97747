// A process: kept alive by the waits that want it, and by no others.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { ownRuntime, runPeer, sleep, spawnPeer, uniqueName } from "../support/mod.ts";
import { cleanUpRings } from "./bytes.ts";

const peer = new URL("./peer.ts", import.meta.url);

/** A process with a pending wait that does not hold it: how it ended. */
async function pending(command: string, ...parameters: string[]) {
  const all = [command, uniqueName(command), ...parameters];
  const end = await runPeer(ownRuntime, peer, all);
  assert.match(end.stdout, /^waiting\n/, end.stderr);
  return end;
}

describe("a process", () => {
  after(cleanUpRings);

  for (const command of ["pending", "pendingSend"]) {
    it(`lives on for a ${command === "pending" ? "pending receive" : "pending send"}`, async () => {
      const other = spawnPeer(ownRuntime, peer, [command, uniqueName(command), "ref"]);
      assert.equal(await other.line(), "waiting");
      await sleep(700);
      other.kill(); // and not before: one that had ended would have an exit code
      assert.equal((await other.ended).signal, "SIGKILL");
    });
  }

  it("ends when only an unref'd receive is pending", async () => {
    const end = await pending("pending", "unref");
    assert.deepEqual([end.code, end.signal, end.stdout], [0, null, "waiting\n"]);
  });

  it("ends when only an unref'd receive with a timeout is pending", async () => {
    const end = await pending("pending", "unref", "60000");
    assert.deepEqual([end.code, end.signal, end.stdout], [0, null, "waiting\n"]);
  });

  it("ends when only an unref'd send is pending", async () => {
    const end = await pending("pendingSend", "unref");
    assert.deepEqual([end.code, end.signal, end.stdout], [0, null, "waiting\n"]);
  });

  it("ends when its last wait has ended", async () => {
    const end = await pending("pending", "ref", "100");
    assert.deepEqual([end.code, end.signal, end.stdout], [0, null, "waiting\nreceived undefined\n"]);
  });
});
