// The peer of ordered_load.test.ts: loops over ordered loads until they tell it to end.

import process from "node:process";
import { SharedMemory } from "../../mod.ts";
import { loadOrdered } from "../../src/sys/ordering.ts";

const [form, name, ...places] = process.argv.slice(2);
const ROUNDS_LEAST = 1_000_000;
const memory = SharedMemory.open(name);
const words = new Int32Array(memory.buffer);
const GIVE_UP = 20_000_000_000;

/** False: the store was not seen in a minute or so. */
function loop(): boolean {
  for (let turn = 0; turn < GIVE_UP; turn++) if (loadOrdered(words, 0) !== 0) return true;
  return false;
}

/** The writer stores the first word, then the second: whoever has seen the second finds the first not behind it. */
function order(first: number, second: number, enough: number) {
  let [disordered, advanced, rounds] = [0, 0, 0];
  for (;;) {
    const behind = loadOrdered(words, second);
    if (behind < 0) return { disordered, advanced, rounds };
    const ahead = loadOrdered(words, first);
    const between = loadOrdered(words, second); // comes from the writer's cache: side by side, the others would be one load
    const again = loadOrdered(words, first);
    // undisturbed, a writer comes past 2 ** 31
    if (((ahead - behind) | 0) < 0 || ((again - between) | 0) < 0) disordered++;
    if (again !== ahead) advanced++;
    if (++rounds > ROUNDS_LEAST && advanced > 10) words[enough] = 1;
  }
}

console.log("looping");
if (form === "loop") console.log(loop() ? "seen" : "never seen");
else console.log(JSON.stringify(order(...(places.map(Number) as [number, number, number]))));
memory.close();
process.exit(0);
