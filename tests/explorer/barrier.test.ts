// Explorer: who joins, arrives, leaves or dies at a barrier between any two accesses of one that looks whether all are there.
//
// The members and their looks are the library's own; the phase is a plain number here, changed in one step as the class
// does, and waiting is looking again.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Participants } from "../../src/memory/participants.ts";
import { BarrierMembers, phaseAfter } from "../../src/sync/barrier_members.ts";
import * as layout from "../../src/sync/layout.ts";
import { actAt, TracedMemory } from "./traced.ts";

/** As Barrier: a member with the phase that it waits for the end of. */
class Member {
  readonly #scene: BarrierScene;
  readonly #members: BarrierMembers;
  isDead = false;
  /** The phase that it has arrived at, until it knows that this one is over. */
  waitsAt: number | undefined;

  constructor(scene: BarrierScene, id: number) {
    this.#scene = scene;
    const isDead = (owner: number) => scene.all[(owner & 1023) - 1]?.isDead ?? true;
    const table = { join: () => id, needsAsking: () => false, isDead, isFoundDead: isDead } as unknown as Participants;
    this.#members = new BarrierMembers(scene.memory.buffer, 0, table);
  }

  join(): void {
    this.#members.join();
  }

  arrive(): void {
    const { phase } = this.#scene;
    this.waitsAt = phase;
    this.#members.arriveAt(phase);
    this.look();
  }

  leave(): void {
    this.#members.leave();
    this.#end(this.#scene.phase);
  }

  look(): void {
    if (this.waitsAt !== undefined && this.#end(this.waitsAt)) this.waitsAt = undefined;
  }

  #end(phase: number): boolean {
    if (this.#scene.phase !== phase) return true;
    if (!this.#members.areAllAt(phase)) return false;
    if (this.#scene.phase === phase) this.#scene.phase = phaseAfter(phase);
    return true;
  }
}

class BarrierScene {
  readonly memory = new TracedMemory(new ArrayBuffer(layout.BARRIER_SIZE));
  readonly all: Member[] = [];
  phase = 0;

  constructor(parties: number) {
    new Int32Array(this.memory.buffer)[layout.BARRIER_PARTIES / 4] = parties;
  }

  /** So many, none of whom has joined; within `memory.trace`. */
  start(count: number): Member[] {
    for (let id = 1; id <= count; id++) this.all.push(new Member(this, (7 << 10) | id));
    return this.all;
  }

  /** All who wait look once more. */
  settle(): void {
    for (const member of this.all) if (!member.isDead) member.look();
  }
}

/** Plays with the acts at each access that `body` makes, all of them at one or at one after the other; how many plays. */
function atEachPair(play: (moments: readonly [number, number]) => boolean): number {
  let count = 0;
  for (let first = 0, goesOn = true; goesOn; first++) {
    for (let later = first; later < first + 200; later += later < first + 6 ? 1 : 7, count++) {
      goesOn = play([first, later]);
      if (!goesOn) break;
    }
  }
  return count;
}

describe("a barrier, one of whose members looks whether all are there", () => {
  it("does not let through who came before the last party has arrived, whenever that one joins", () => {
    const plays = atEachPair(([joins, arrives]) => {
      const scene = new BarrierScene(2);
      return scene.memory.trace(() => {
        const [early, late] = scene.start(2) as [Member, Member];
        early.join();
        let hasArrived = false;
        const reached = actAt(
          scene.memory,
          [joins],
          () => late.join(),
          () => early.arrive(),
        );
        if (!reached) return false;
        assert.equal(scene.phase, 0, `joined at access ${joins}, and the phase has ended`);
        actAt(
          scene.memory,
          [arrives],
          () => {
            if (!hasArrived) late.arrive();
            hasArrived = true;
          },
          () => early.look(),
        );
        if (!hasArrived) late.arrive();
        scene.settle();
        assert.equal(scene.phase, 1, `joined at ${joins}, arrived at ${arrives}, and nobody gets on`);
        return true;
      });
    });
    assert.ok(plays > 300, `${plays} plays`);
  });

  it("lets through whom the last party joins and arrives beside, and waits for it in the next phase", () => {
    const plays = atEachPair(([joins, arrives]) => {
      const scene = new BarrierScene(1);
      return scene.memory.trace(() => {
        const [first, second, late] = scene.start(3) as [Member, Member, Member];
        for (const member of [first, second]) member.join();
        second.arrive();
        let access = 0;
        scene.memory.onAccess = () => {
          const now = access++;
          scene.memory.freely(() => {
            if (now === joins) late.join();
            if (now === arrives) late.arrive();
          });
        };
        first.arrive();
        scene.memory.onAccess = undefined;
        if (access <= joins) return false;
        if (access <= arrives) late.arrive();
        scene.settle();
        // it has arrived at the first phase, or this one had ended already
        const ended = scene.phase;
        assert.ok(ended === 1, `joined at ${joins}, arrived at ${arrives}: phase ${ended}`);
        for (const member of [first, second]) member.arrive();
        const isBehind = late.waitsAt === 1;
        assert.equal(scene.phase, isBehind ? 2 : 1, "the next phase waits for it");
        return true;
      });
    });
    assert.ok(plays > 300, `${plays} plays`);
  });

  for (const [way, part] of [
    ["dies", (member: Member) => Object.assign(member, { isDead: true })],
    ["leaves", (member: Member) => member.leave()],
  ] as const) {
    it(`lets the others through when one ${way} at any moment`, () => {
      let plays = 0;
      for (let moment = 0, goesOn = true; goesOn; moment++, plays++) {
        const scene = new BarrierScene(1);
        scene.memory.trace(() => {
          const [first, second, third] = scene.start(3) as [Member, Member, Member];
          for (const member of scene.all) member.join();
          second.arrive();
          goesOn = actAt(
            scene.memory,
            [moment],
            () => part(third),
            () => first.arrive(),
          );
          if (!goesOn) part(third);
          scene.settle();
          assert.deepEqual([scene.phase, first.waitsAt, second.waitsAt], [1, undefined, undefined]);
        });
      }
      assert.ok(plays > 100, `${plays} plays`);
    });
  }
});
