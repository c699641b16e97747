// The peer of many.test.ts: takes the producer's role of each ring that is named, and lives on to be killed.

import process from "node:process";
import { SpscRing } from "../../mod.ts";

const rings = process.argv.slice(2).map((name) => SpscRing.open(name));
for (const ring of rings) ring.producer();
console.log("holding");
setInterval(() => {}, 1000);
