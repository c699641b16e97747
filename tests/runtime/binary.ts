// The program of binary.test.ts.

import { SharedMemory } from "../../src/memory/mod.ts";

const memory = SharedMemory.anonymous({ size: 4096 });
memory.bytes.set(new TextEncoder().encode("hello"));
console.log(new TextDecoder().decode(memory.bytes.slice(0, 5)));
memory.close();
