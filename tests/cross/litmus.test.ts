// Litmus: a wake-up is never lost, however the publishing and the falling asleep meet. (FORBIDDEN: lost > 0.)

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { cleanUp, runtimeNamed } from "../support/mod.ts";
import { runLitmus } from "./litmus_run.ts";

const ROUNDS = { message: 20_000, space: 5_000, lock: 5_000 };
const TIMEOUT_MS = 120_000;

describe("no wake-up is lost", () => {
  after(cleanUp);

  for (const runtime of ["bun", "deno", "node26"].map(runtimeNamed)) {
    for (const edge of ["message", "space", "lock"] as const) {
      for (const sleeps of ["blocking", "awaiting"] as const) {
        it(`${runtime.name}: ${edge}, ${sleeps}`, async (t) => {
          const result = await runLitmus({ runtime, edge, sleeps, rounds: ROUNDS[edge], timeoutMs: TIMEOUT_MS });
          t.diagnostic(JSON.stringify(result));
          assert.equal(result.lost, 0);
        });
      }
    }
  }
});
