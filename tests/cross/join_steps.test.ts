// Joining and leaving: a process that is killed behind an instruction of either, in the shim or in the header for C, is seen
// dead by the words alone, and its slot is the next one's.

import assert from "node:assert/strict";
import process from "node:process";
import { after, describe, it } from "node:test";
import { Participants, SharedMemory } from "../../mod.ts";
import { cleanUp, objectPath, type Peer, projectRoot, spawnProgram, uniqueName } from "../support/mod.ts";
import { canStep, compileStepper } from "../sync/kill_points/c.ts";

/** Instructions beside those around each store. */
const MOST = 50;
const EVERYTHING = 1_000_000;
/** The victim's slot: the one behind the survivor's. */
const SLOT = 1;
const SLOT_WORDS = 16;
const GENERATION_MASK = 0x1fffff;

interface Killed {
  readonly isEnd: boolean;
  readonly steps: number;
  readonly owner: number;
  readonly stores: readonly number[];
}

/** One table, a survivor in it, and who starts victims. */
class Table {
  readonly name = uniqueName("join-steps");
  readonly #memory = SharedMemory.create(this.name, { size: Participants.byteSize() });
  readonly #survivor = Participants.over(this.#memory, 0);
  readonly #words = new Int32Array(this.#memory.buffer);
  readonly #peer: Peer;
  #generation = 0;

  constructor(library: string) {
    this.#survivor.join();
    const program = compileStepper("tests/cross/join_stepper.c", ["-Wno-unused-function", "-ldl"]);
    this.#peer = spawnProgram(program, [library, objectPath(this.name)]);
  }

  async kill(steps: number, act: string): Promise<Killed | undefined> {
    this.#peer.write(`${steps} ${act}`);
    const [end, done, owner, stores = ""] = (await this.#peer.line()).split(" ");
    if (end === "refused") return undefined;
    const numbers = stores.split(",").flatMap((store) => Number(store) || []);
    return { isEnd: end === "ended", steps: Number(done), owner: Number(owner), stores: numbers };
  }

  get #generationNow(): number {
    return this.#words[SLOT * SLOT_WORDS + 1] as number;
  }

  /** What must be true behind each death. */
  judge({ owner }: Killed): void {
    const survivor = this.#survivor;
    const joins = (this.#generationNow - this.#generation) & GENERATION_MASK;
    assert.ok(this.#generation === 0 || joins === 1 || joins === 2, `${joins} joins`); // the first one is to warm up
    const left = (this.#generationNow << 10) | (SLOT + 1);
    assert.deepEqual([survivor.isDead(left), owner === 0 || survivor.isDead(owner)], [true, true]);
    const memory = SharedMemory.open(this.name);
    const heir = Participants.over(memory, 0);
    const next = heir.join();
    assert.equal((next & 1023) - 1, SLOT, "the slot is free");
    assert.equal(next >>> 10, ((left >>> 10) + 1) & GENERATION_MASK);
    assert.deepEqual([survivor.isDead(next), survivor.isDead(left)], [false, true]);
    assert.deepEqual([survivor.pidOf(next), heir.isDead(survivor.owner)], [process.pid, false]);
    memory.close();
    assert.equal(survivor.isDead(next), true);
    assert.ok(this.#words.subarray((SLOT + 1) * SLOT_WORDS).every((word) => word === 0));
    this.#generation = this.#generationNow;
  }

  end(): void {
    this.#peer.kill();
    this.#memory.close();
    SharedMemory.unlink(this.name);
  }
}

/** Kills before and behind each store, and evenly at other instructions; how many, and how many instructions there are. */
async function killAll(table: Table, act: string): Promise<{ kills: number; stores: number }> {
  const whole = await table.kill(EVERYTHING, act);
  assert.ok(whole?.isEnd);
  table.judge(whole);
  const stride = Math.ceil(whole.steps / MOST);
  const evenly = Array.from({ length: Math.ceil(whole.steps / stride) }, (_, index) => index * stride);
  const points = new Set([...evenly, ...whole.stores.flatMap((store) => [store - 1, store])]);
  for (const steps of points) {
    const killed = await table.kill(steps, act);
    assert.ok(killed);
    try {
      table.judge(killed);
    } catch (cause) {
      throw new Error(`${act}, killed behind ${steps} instructions: ${cause}`, { cause });
    }
  }
  return { kills: points.size, stores: whole.stores.length };
}

async function refusal(): Promise<string | undefined> {
  if (!canStep) return "this processor has no LSE";
  const table = new Table("-");
  const killed = await table.kill(0, "join");
  table.end();
  return killed === undefined ? "ptrace(2) is refused here" : undefined;
}

const skip = await refusal();
const ways = [
  ["the shim", `${projectRoot}native/linux-ipc-${process.arch}.so`],
  ["the header", "-"],
] as const;

describe("a process that is killed behind an instruction", { skip }, () => {
  after(cleanUp);

  for (const [who, library] of ways) {
    for (const [act, leastStores] of [
      ["join", 4],
      ["leave", 1],
    ] as const) {
      it(`of ${who}'s ${act} is dead, and its slot is the next one's`, async () => {
        const table = new Table(library);
        const { kills, stores } = await killAll(table, act);
        assert.ok(stores >= leastStores && kills >= MOST / 2, `${kills} kills, ${stores} stores`);
        table.end();
      });
    }
  }
});
