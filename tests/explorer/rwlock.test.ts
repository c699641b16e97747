// Explorer: a reader-writer lock, one of whose users acquires or gives back while others come, go, upgrade or die.

import { describe, it } from "node:test";
import { explore, ways } from "./rwlock_scene.ts";

describe("a reader-writer lock", () => {
  for (const way of ways) {
    it(`whose user ${way} beside others`, async (t) => {
      t.diagnostic?.(`${await explore(way, false)} plays`);
    });
  }
});
