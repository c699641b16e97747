// The peer of the wait tests: sleeps on a word until somebody wakes it.

import process from "node:process";
import { SharedMemory } from "../../mod.ts";
import { waitEvent } from "../../src/sys/futex.ts";
import { prepareToSleep } from "../../src/wait/eventcount.ts";

const [, name, index] = process.argv.slice(2);
const memory = SharedMemory.open(name);
const words = new Int32Array(memory.buffer);
const key = prepareToSleep(words, Number(index));
console.log("sleeping");
while (words[Number(index)] === key) waitEvent(memory.address + 4 * Number(index), key, 0, -1);
console.log("woken");
memory.close();
