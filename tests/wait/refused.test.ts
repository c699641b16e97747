// Kernels that refuse: without futex_waitv, membarrier or robust lists, waits are slower and still right.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { Futex, LatestValue, Mutex, SharedMemory, SpscRing } from "../../mod.ts";
import { cleanUp, compileC, mainRuntimes, ownRuntime, spawnPeer, uniqueName, within } from "../support/mod.ts";
import { launcher } from "./refused_launcher.ts";

const peer = new URL("./peer_refused.ts", import.meta.url);
const lockPeer = new URL("./peer_refused_lock.ts", import.meta.url);
const valuePeer = new URL("../ring/latest_value_peer.ts", import.meta.url);
const idlePeer = new URL("./peer_refused_idle.ts", import.meta.url);
const futexPeer = new URL("./futex_peer.ts", import.meta.url);

const profiles: Record<string, string[]> = {
  futex_waitv: ["futex_waitv=ENOSYS"],
  membarrier: ["membarrier=EPERM"],
  "robust lists": ["set_robust_list=ENOSYS"],
  "all three": ["futex_waitv=ENOSYS", "membarrier=ENOSYS", "set_robust_list=EPERM"],
};

const makeRing = (label: string) => {
  const name = uniqueName(label);
  return { name, ring: SpscRing.create(name, { capacity: 4096, unlinkOnClose: true }) };
};

describe("a process without", () => {
  after(cleanUp);

  for (const form of ["waitSync", "waitAnySync", "wait"]) {
    it(`futex_waitv sees a futex change by ${form}`, async () => {
      const memory = SharedMemory.create(uniqueName("futex"), { size: 4096, unlinkOnClose: true });
      const futex = Futex.over(memory, 128);
      const wrapper = [compileC(launcher), ...profiles.futex_waitv, "--"];
      const other = spawnPeer(ownRuntime, futexPeer, [memory.name as string, form], { wrapper });
      assert.equal(await other.line(), "waiting");
      futex.store(1);
      futex.wake();
      assert.match(await other.line(5000), /^(ok|not-equal)( 1)?$/);
      assert.equal((await other.ended).code, 0);
      memory.close();
    });
  }

  for (const words of ["ENOSYS", "EPERM", "EACCES"]) {
    it(`futex_waitv, refused as ${words}, takes next to no processor while nothing happens`, async () => {
      const wrapper = [compileC(launcher), `futex_waitv=${words}`, "--"];
      const other = spawnPeer(ownRuntime, idlePeer, [uniqueName("idle")], { wrapper });
      const { stdout, stderr } = await other.ended;
      const [idle, blocked] = stdout.split("\n").map(Number) as [number, number];
      assert.ok(idle < 150 && blocked < 150, `${idle} and ${blocked} ms of 600 ${stderr}`);
    });
  }

  for (const [what, refused] of Object.entries(profiles)) {
    const wrapper = () => [compileC(launcher), ...refused, "--"];

    for (const form of ["receiveSync", "receive"]) {
      it(`${what} gets every message by ${form}`, async () => {
        const { name, ring } = makeRing("messages");
        const producer = ring.producer();
        const other = spawnPeer(ownRuntime, peer, [name, form], { wrapper: wrapper() });
        assert.equal(await other.line(), "ready");
        for (let number = 0; number < 30; number++) {
          producer.trySend(Uint8Array.of(number));
          assert.equal(await other.line(5000), `${number}`);
          if (number % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 40));
        }
        ring.close();
        assert.equal(await other.line(5000), "EPIPE");
        assert.equal((await other.ended).code, 0);
      });

      it(`${what} is told by ${form} that its producer died`, async () => {
        const { name, ring } = makeRing("death");
        const producer = spawnPeer(mainRuntimes[0], peer, [name, "produce"]);
        const other = spawnPeer(ownRuntime, peer, [name, form], { wrapper: wrapper() });
        assert.deepEqual(await Promise.all([producer.line(), other.line()]), ["ready", "ready"]);
        assert.equal(await other.line(), "1");
        await new Promise((resolve) => setTimeout(resolve, 60));
        producer.kill();
        assert.equal(await other.line(5000), "EOWNERDEAD");
        ring.close();
        await other.ended;
      });
    }

    for (const form of ["lockSync", "lock"]) {
      it(`${what} passes a mutex to and fro by ${form}`, async () => {
        const name = uniqueName("mutex");
        const mutex = Mutex.create(name, { unlinkOnClose: true });
        let guard = mutex.tryLock();
        const other = spawnPeer(ownRuntime, lockPeer, [name, form], { wrapper: wrapper() });
        assert.equal(await other.line(), "ready");
        for (let round = 0; round < 5; round++) {
          await new Promise((resolve) => setTimeout(resolve, round * 4));
          guard?.unlock();
          assert.equal(await other.line(5000), `${round}`);
          guard = await within(mutex.lock(), 5000, "our turn");
          assert.equal(await other.line(5000), "seen");
        }
        other.kill();
        mutex.close();
      });
    }

    it(`${what} is known as dead when it was killed`, async () => {
      const start = (form: "receive" | "receiveSync") => {
        const made = makeRing("killed");
        const consumer = made.ring.consumer();
        return {
          ...made,
          form,
          consumer,
          other: spawnPeer(ownRuntime, peer, [made.name, "produce"], { wrapper: wrapper() }),
        };
      };
      for (const { form, ring, consumer, other } of [start("receiveSync"), start("receive")]) {
        assert.equal(await other.line(), "ready");
        assert.deepEqual([...((await consumer.receive({ timeoutMs: 5000 })) ?? [])], [1]);
        other.kill();
        const waiting = async () =>
          form === "receive" ? consumer.receive() : consumer.receiveSync({ timeoutMs: 5000 });
        await assert.rejects(within(waiting(), 5000, form), { name: "PeerDiedError" });
        ring.producer();
        ring.close();
      }
    });

    it(`${what} is known as dead by readers of its value, who take no slot`, async () => {
      const start = (form: "next" | "nextSync") => {
        const name = uniqueName("value");
        const latest = LatestValue.create(name, { size: 16, unlinkOnClose: true });
        const other = spawnPeer(ownRuntime, valuePeer, ["writeAndStay", name], { wrapper: wrapper() });
        return { form, latest, reader: latest.reader(), other };
      };
      for (const { form, latest, reader, other } of [start("nextSync"), start("next")]) {
        assert.equal((await reader.next({ timeoutMs: 10_000 }))?.length, 5);
        other.kill();
        const waiting = async () => (form === "next" ? reader.next() : reader.nextSync({ timeoutMs: 5000 }));
        await assert.rejects(within(waiting(), 5000, form), { name: "PeerDiedError" });
        latest.close();
      }
    });
  }
});
