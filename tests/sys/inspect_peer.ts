// The peer of the inspection tests: shows a ring on its console.

import process from "node:process";
import { SpscRing } from "../../mod.ts";

const [name] = process.argv.slice(2);
const ring = SpscRing.create(name, { capacity: 65536, unlinkOnClose: true });
console.log(ring);
console.log(ring.producer());
ring.close();
console.log({ within: [ring] });
