// Construction: whoever calls `new` of a class that is made in other ways is told of them.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as library from "../../mod.ts";

type Class = new (...parameters: unknown[]) => unknown;

/** Errors are made by `new`, and guards by their locks; these have nothing to be called by. */
const others = /Error$|Guard$/;
const classes = Object.entries(library).filter(
  ([name, value]) => typeof value === "function" && /^class\b/.test(String(value)) && !others.test(name),
) as unknown as [string, Class][];

/** Bytes as `Atomics` take them. */
const words = new Int32Array(new SharedArrayBuffer(65536));
/** What a beginner may try. */
const attempts = [[], ["/x"], ["/x", { create: true }], [{ size: 4096 }], [null], [17], [words], [words, 0]];

describe("new", () => {
  it("of no class gives an object, and names the ways that there are", () => {
    assert.ok(classes.length >= 20, `${classes.length} classes`);
    for (const [name, Kind] of classes) {
      const message = new RegExp(`^an? ${name} is not made by new: use (${name}\\.|\\w+\\(\\) )`);
      for (const attempt of attempts)
        assert.throws(
          () => new Kind(...attempt),
          { name: "TypeError", message },
          `${name}(${attempt.map(String).join(", ").slice(0, 40)})`,
        );
    }
  });

  const ways = {
    Mutex: "a Mutex is not made by new: use Mutex.create, open, openOrCreate or over",
    SharedMemory:
      "a SharedMemory is not made by new: use SharedMemory.create, open, openOrCreate, anonymous or fromDescriptor",
    AnonymousMemory: "an AnonymousMemory is not made by new: use AnonymousMemory.create",
    Peer: "a Peer is not made by new: use Peer.ofPid or ofParticipant",
    SpscProducer: "an SpscProducer is not made by new: use producer() or consumer() of an SpscRing",
  };
  for (const [name, message] of Object.entries(ways)) {
    const Kind = classes.find(([other]) => other === name)?.[1] as Class;
    it(`of ${name} names its own`, () => assert.throws(() => new Kind(), { name: "TypeError", message }));
  }
});
