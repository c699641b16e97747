// Takes a role of a ring and is gone before it has told anybody: between two steps of attaching.

import process from "node:process";
import { OBJECT_OFFSET } from "../../src/memory/layout.ts";
import { openSegment } from "../../src/memory/segment.ts";
import { RING_VERSION } from "../../src/ring/layout.ts";
import { CONSUMER, PRODUCER, Role } from "../../src/ring/role.ts";

const [side, name] = process.argv.slice(2) as [string, string];
const { memory, participants } = openSegment(name, { letters: "SPSC", version: RING_VERSION, noun: "ring" }, 1000);
const words = new Int32Array(memory.buffer);
new Role(words, OBJECT_OFFSET, side === "producer" ? PRODUCER : CONSUMER, participants).take(name);
process.kill(process.pid, "SIGKILL");
