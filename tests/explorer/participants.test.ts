// Explorer: a dead one's slot passes on, to one who lives, between any two looks of whoever asks whether it is dead.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Participants } from "../../mod.ts";
import * as layout from "../../src/memory/layout.ts";
import type { MemoryRegion } from "../../src/memory/memory_region.ts";
import { actAt, TracedMemory } from "./traced.ts";

const OWNER = (5 << layout.OWNER_GENERATION_SHIFT) | 1; // slot 0
const THREAD = 1234;

describe("asking whether a participant is dead", () => {
  it("never takes its successor's life for its own", () => {
    let index = 0;
    for (let happened = true; happened; index++) {
      const memory = new TracedMemory(new ArrayBuffer(layout.PARTICIPANTS_SIZE));
      const words = new Int32Array(memory.buffer);
      words[layout.SLOT_LIFE_OFFSET / 4] = layout.OWNER_DIED;
      words[layout.SLOT_GENERATION_OFFSET / 4] = 5;
      const passOn = () => {
        words[layout.SLOT_GENERATION_OFFSET / 4] = 6; // as shim/participant.c
        words[layout.SLOT_LIFE_OFFSET / 4] = THREAD;
      };
      const region = { buffer: memory.buffer, size: layout.PARTICIPANTS_SIZE, fd: 0, beforeClose() {} };
      memory.trace(() => {
        const participants = Participants.over(region as unknown as MemoryRegion, 0);
        happened = actAt(memory, [index], passOn, () => assert.ok(participants.isDead(OWNER), `at look ${index}`));
        passOn();
        assert.equal(participants.isDead(OWNER + (1 << layout.OWNER_GENERATION_SHIFT)), false);
      });
    }
    assert.ok(index > 1);
  });
});
