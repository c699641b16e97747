// The program of package.test.ts in JavaScript: imports every entry of the installed package, and sends to itself.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import process from "node:process";
import * as everything from "@linux-ipc/core";
import { SharedMemory } from "@linux-ipc/core/memory";
import { SpscRing } from "@linux-ipc/core/ring";
import { Mutex } from "@linux-ipc/core/sync";

const { SharedMemory: memory, SpscRing: rings, Mutex: locks } = everything;
assert.deepEqual([SharedMemory, SpscRing, Mutex], [memory, rings, locks]); // one package, loaded once

const ring = SpscRing.create(process.argv[2], { capacity: 65536, unlinkOnClose: true });
const [producer, consumer] = [ring.producer(), ring.consumer()];
await producer.send(new TextEncoder().encode("hello from the package"));
console.log(new TextDecoder().decode(await consumer.receive()));

// The embedded copy is removed once it is loaded: what is mapped and still there lay beside the module.
const library = readFileSync("/proc/self/maps", "utf8").match(/\S+linux-ipc-\w+\.so.*/)?.[0];
console.log(library);
ring.close();
