// The other process of the tests of latest values: argv names what it does.

import process from "node:process";
import { LatestValue } from "../../mod.ts";

const [what, name, ...amounts] = process.argv.slice(2) as [string, string, ...string[]];
const [count, pauseMs] = amounts.map(Number);

const sleep = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

const tasks: Record<string, () => Promise<void>> = {
  async writeLater() {
    const latest = LatestValue.open(name);
    const writer = latest.writer();
    for (let number = 1; number <= count; number++) {
      await sleep(pauseMs);
      writer.write(new Uint8Array([number]));
    }
    latest.close();
  },
  async writeAndStay() {
    LatestValue.open(name).writer().write(new TextEncoder().encode("alive"));
    await sleep(60_000);
  },
  async pending() {
    const reader = LatestValue.create(name, { size: 8 }).reader().unref();
    if (count === 1) reader.ref();
    reader.next({ timeoutMs: pauseMs }).then(() => console.log("answered"));
    console.log("waiting");
  },
};

await tasks[what]();
