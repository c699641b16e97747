// Explorer: a reader-writer lock that prefers readers, with the same users as in rwlock.test.ts.

import { describe, it } from "node:test";
import { explore, ways } from "./rwlock_scene.ts";

describe("a reader-writer lock that prefers readers", () => {
  for (const way of ways) {
    it(`whose user ${way} beside others`, async (t) => {
      t.diagnostic?.(`${await explore(way, true)} plays`);
    });
  }
});
