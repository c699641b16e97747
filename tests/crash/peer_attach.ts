// Takes a role of a ring and is gone before it has told anybody: between two steps of attaching.

import process from "node:process";
import { OBJECT_OFFSET } from "../../src/memory/layout.ts";
import { openSegment } from "../../src/memory/segment.ts";
import { Role } from "../../src/ring/role.ts";
import * as layout from "../../src/ring/spsc/layout.ts";
import { CONSUMER, PRODUCER } from "../../src/ring/spsc/roles.ts";
import { notifyAll } from "../../src/wait/eventcount.ts";

const [side, name] = process.argv.slice(2) as [string, string];
const kind = { letters: "SPSC", version: layout.RING_VERSION, noun: "ring" };
const { memory, participants } = openSegment(name, kind, {});
const words = new Int32Array(memory.buffer);
const [role, wait] = side === "producer" ? [PRODUCER, layout.CONSUMER_WAIT] : [CONSUMER, layout.PRODUCER_WAIT];

/** It announces itself, takes the role, and is killed before it tells that it has. */
let count = 0;
function notify(): void {
  if (++count === 2) process.kill(process.pid, "SIGKILL");
  const offset = OBJECT_OFFSET + wait;
  notifyAll(words, offset / 4, memory.address + offset);
}

new Role(words, OBJECT_OFFSET, role, participants).take(name, notify);
