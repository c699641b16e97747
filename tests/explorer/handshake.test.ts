// Explorer: falling asleep against publishing, closing, dying and following, at every access of either side.
//
// The waiter is a model: real eventcount, real queue of awaiting callers, and a sleep that ends when its word has changed
// or the watched peer is dead. Accesses take effect in program order: that the sleeper's barrier makes this true of plain
// stores is what the litmus tests show (tests/cross/litmus.test.ts).

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { PeerClosedError, PeerDiedError, type SpscConsumer, type SpscProducer } from "../../mod.ts";
import { compose, sendAll } from "./reader.ts";
import { type Attached, Scene } from "./scene.ts";
import { actAt } from "./traced.ts";

/** What an awaiting call has come to. */
interface Outcome {
  value?: unknown;
  error?: unknown;
}

function watch(promise: Promise<unknown>): Outcome {
  const outcome: Outcome = {};
  promise.then(
    (value) => Object.assign(outcome, { value }),
    (error) => Object.assign(outcome, { error }),
  );
  return outcome;
}

/** Promises settle in microtasks. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

interface Cast {
  readonly scene: Scene;
  readonly producer: Attached<SpscProducer>;
  readonly consumer: Attached<SpscConsumer>;
}

type Call = (cast: Cast) => Promise<unknown>;
type Act = (cast: Cast) => void;

/** Something that happens while one side waits, and what the waits of that side, one after another, must come to. */
interface Case {
  readonly prepare?: Act;
  readonly act: Act;
  readonly call: Call;
  readonly sleeper: "producer" | "consumer";
  readonly expected: readonly ((outcome: Outcome) => boolean)[];
}

const isMessage = (sequence: number) => (outcome: Outcome) =>
  outcome.value instanceof Uint8Array && Buffer.compare(outcome.value, compose(sequence)) === 0;
const isSent = ({ value }: Outcome) => value === true;
const isDeath = ({ error }: Outcome) => error instanceof PeerDiedError;
const isEnd = ({ error }: Outcome) => error instanceof PeerClosedError;
const isPending = (outcome: Outcome) => !("value" in outcome) && !("error" in outcome);

function die({ life }: Attached<unknown>): void {
  life.isDead = true;
}

const fill: Act = ({ producer }) => void sendAll(producer.side, 0);
const receive: Call = ({ consumer }) => consumer.side.receive();
const send: Call = ({ producer }) => producer.side.send(compose(999));
const trySend = (cast: Cast, sequence: number) => assert.ok(cast.producer.side.trySend(compose(sequence)));

const receiving = { call: receive, sleeper: "consumer" } as const;
const sending = { call: send, sleeper: "producer", prepare: fill } as const;

const cases: Record<string, Case> = {
  "a message comes": { ...receiving, act: (cast) => trySend(cast, 0), expected: [isMessage(0), isPending] },
  "two messages come": {
    ...receiving,
    act(cast) {
      trySend(cast, 0);
      trySend(cast, 1);
    },
    expected: [isMessage(0), isMessage(1), isPending],
  },
  "the producer closes": { ...receiving, act: ({ producer }) => producer.side.close(), expected: [isEnd, isEnd] },
  "a message comes and the producer closes": {
    ...receiving,
    act(cast) {
      trySend(cast, 0);
      cast.producer.side.close();
    },
    expected: [isMessage(0), isEnd, isEnd],
  },
  "the producer dies": { ...receiving, act: ({ producer }) => die(producer), expected: [isDeath, isPending] },
  "messages come and the producer dies": {
    ...receiving,
    act(cast) {
      trySend(cast, 0);
      trySend(cast, 1);
      die(cast.producer);
    },
    expected: [isMessage(0), isMessage(1), isDeath, isPending],
  },
  "room comes": {
    ...sending,
    act: ({ consumer }) => void consumer.side.drain(() => {}),
    expected: [isSent],
  },
  "room comes and the consumer closes": {
    ...sending,
    act({ consumer }) {
      consumer.side.drain(() => {});
      consumer.side.close();
    },
    expected: [isSent, isSent],
  },
  "room comes and the consumer dies": {
    ...sending,
    act({ consumer }) {
      consumer.side.drain(() => {});
      die(consumer);
    },
    expected: [isSent, isSent],
  },
  "the consumer closes": { ...sending, act: ({ consumer }) => consumer.side.close(), expected: [isEnd, isEnd] },
  "the consumer dies": { ...sending, act: ({ consumer }) => die(consumer), expected: [isDeath, isPending] },
};

/** Looks as often as the sleeper would be woken, until its call has settled or it really sleeps. */
async function outcomeOf(cast: Cast, sleeper: "producer" | "consumer", promise: Promise<unknown>): Promise<Outcome> {
  const outcome = watch(promise);
  await settled();
  cast.scene.memory.trace(() => cast[sleeper].waiter.wake());
  await settled();
  return outcome;
}

function castOf({ prepare }: Case): Cast {
  const scene = new Scene(2 ** 32 - 24);
  const cast = scene.memory.trace(() => ({ scene, producer: scene.producer(), consumer: scene.consumer() }));
  scene.memory.trace(() => prepare?.(cast));
  return cast;
}

/** The first call is interrupted, or interrupts; the others follow. False when there is no such access. */
async function play(which: Case, index: number, isSleeperInterrupted: boolean): Promise<boolean> {
  const cast = castOf(which);
  const { memory } = cast.scene;
  let first: Promise<unknown> | undefined;
  const call = () => {
    first = which.call(cast);
  };
  const act = () => which.act(cast);
  const [inner, outer] = isSleeperInterrupted ? [act, call] : [call, act];
  const happened = memory.trace(() => actAt(memory, [index], inner, outer));
  if (!happened) memory.trace(inner); // after all of it
  for (const [position, isExpected] of which.expected.entries()) {
    const promise = position === 0 ? first : memory.trace(() => which.call(cast));
    const outcome = await outcomeOf(cast, which.sleeper, promise as Promise<unknown>);
    assert.ok(isExpected(outcome), `call ${position} at access ${index}: ${JSON.stringify(outcome)}`);
  }
  return happened;
}

describe("falling asleep while", () => {
  for (const [name, which] of Object.entries(cases)) {
    it(name, async (t) => {
      let count = 0;
      for (const isSleeperInterrupted of [true, false]) {
        let index = 0;
        while (await play(which, index, isSleeperInterrupted)) index++;
        count += index;
      }
      t.diagnostic?.(`${count} instants`);
    });
  }
});
