// Threads of one C process that share one `struct linux_ipc`: what one of them does for an instant misleads no other one.

import assert from "node:assert/strict";
import { after, afterEach, describe, it } from "node:test";
import { Mutex, RwLock, SharedMemory } from "../../mod.ts";
import { PARTICIPANTS_OFFSET, SLOT_SIZE } from "../../src/memory/layout.ts";
import { compilePeer } from "../support/c_peer.ts";
import { cleanUp, spawnProgram } from "../support/mod.ts";
import { closeAll, closing, make } from "../sync/scene.ts";
import { CCaller, EBUSY, ENOTRECOVERABLE } from "./c_caller.ts";

const start = (...words: string[]) => spawnProgram(compilePeer("tests/cross/threads_peer.c"), words);

describe("threads of one C process", () => {
  afterEach(closeAll);
  after(cleanUp);

  it("mark none as dead who has joined meanwhile", async () => {
    const { name, it: mutex } = make(Mutex, "c-mark");
    const peer = start("mark", name);
    assert.equal(await peer.line(), "joined");
    const { buffer } = closing(SharedMemory.open(name));
    const unmarked = new Int32Array(buffer, PARTICIPANTS_OFFSET + 2 * SLOT_SIZE, 2); // behind ours and the peer's
    unmarked.set([12_345, 1]); // a thread that is no more, of a slot that nobody has locked
    peer.write("");
    assert.equal(await peer.line(), "on its way");
    const newcomer = closing(Mutex.open(name));
    const guard = newcomer.tryLock();
    peer.write("");
    assert.equal(await peer.line(), "marked");
    assert.equal(mutex.tryLock(), undefined);
    const c = await CCaller.start("MUTX", name);
    assert.equal(await c.call("try"), EBUSY);
    guard?.unlock();
  });

  it("are told that a lock is unrecoverable, and not that another one of them has it", async () => {
    const { name, it: mutex } = make(Mutex, "c-lost");
    mutex.tryLock()?.unlock({ unrecoverable: "lost" });
    assert.equal((await start("lock", name).ended).stdout, `${ENOTRECOVERABLE} \n`);
    const { name: readName, it: lock } = make(RwLock, "c-lost-rw");
    lock.tryWrite()?.unlock({ unrecoverable: "lost" });
    assert.equal((await start("read", readName).ended).stdout, `${ENOTRECOVERABLE} \n`);
  });
});
