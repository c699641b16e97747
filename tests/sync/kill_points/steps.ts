// Steps: the C victim is killed behind each instruction of an operation; TypeScript or C judges what it has left.

import assert from "node:assert/strict";
import { type Peer, spawnProgram, uniqueName } from "../../support/mod.ts";
import { scenes } from "./all.ts";
import { canStep, cPeer } from "./c.ts";
import type { AnyScene, Who } from "./scene.ts";

const EVERYTHING = 1_000_000;

/** What the kills in one scene came to. */
export interface Stepped {
  readonly title: string;
  /** Of the whole operation. */
  readonly instructions: number;
  /** What each kill came to, in order. */
  readonly outcomes: readonly string[];
  /** What kills came to in certain possession. */
  readonly whileHolding: readonly string[];
}

interface Killed {
  readonly isEnd: boolean;
  readonly steps: number;
  readonly stores: readonly number[];
  readonly isHolding: boolean;
  readonly outcome: string;
}

const ofTypeScript = (title: string) => scenes.find((scene) => scene.title === title) as AnyScene;

/** Those of a thousand instructions and more: they look at all slots, or again and again. A step takes up to 50 us. */
export const isLong = ({ title }: AnyScene): boolean => /^RwLock: (write|read|recovery)|^Barrier|vain/.test(title);

/** What the scene says of kills in order, and in possession. */
export function checkStepped({ title, outcomes, whileHolding }: Stepped): void {
  const scene = ofTypeScript(title);
  const found = outcomes.filter((outcome, index) => outcome !== outcomes[index - 1]);
  assert.deepEqual(found, scene.outcomes, outcomes.join(", "));
  for (const outcome of whileHolding) assert.equal(outcome, scene.whileHolding);
}

/** A process that starts victims, steps through them, and kills them. */
export class Stepper {
  readonly #peer: Peer;

  constructor() {
    this.#peer = spawnProgram(cPeer(), []);
  }

  /** The scenes that C can play. */
  static async scenes(): Promise<AnyScene[]> {
    const { stdout } = await spawnProgram(cPeer(), ["LIST"]).ended;
    return stdout.trim().split("\n").map(ofTypeScript);
  }

  /** Why nobody may trace here; undefined: we may. */
  async refusal(): Promise<string | undefined> {
    if (!canStep) return "this processor has no LSE";
    const [scene] = scenes as [AnyScene];
    const name = uniqueName("may-trace");
    const object = scene.create(name);
    const answer = await this.#start(scene, name, 0, false);
    if (answer.startsWith("ready")) await this.#kill();
    object.close();
    return answer.startsWith("refused") ? "ptrace(2) is refused here" : undefined;
  }

  #start({ title }: AnyScene, name: string, steps: number, isJudgedInC: boolean): Promise<string> {
    this.#peer.write(`${steps} ${isJudgedInC ? 1 : 0} ${name} ${title}`);
    return this.#peer.line();
  }

  async #kill(): Promise<Killed> {
    this.#peer.write("go");
    const [end, steps, where, stores, ...outcome] = (await this.#peer.line()).split(" ");
    return {
      isEnd: end === "ended",
      steps: Number(steps),
      stores: stores.split(",").flatMap((store) => Number(store) || []),
      isHolding: where === "holding",
      outcome: outcome.join(" "),
    };
  }

  /** One kill, behind so many instructions. */
  async #play(scene: AnyScene, steps: number, inC: boolean, index: number): Promise<Killed> {
    const name = uniqueName("steps");
    const maker = scene.create(name);
    const early = [maker, inC ? maker : scene.open(name)] as const;
    try {
      const [ready, victim, first] = (await this.#start(scene, name, steps, inC)).split(" ");
      assert.equal(ready, "ready");
      const names = new Map([
        [Number(victim), "victim"],
        [Number(first), "first"],
        [0, "first"], // its slot has passed on twice
      ]);
      const begun = inC ? undefined : scene.begin?.(early);
      const killed = await this.#kill();
      if (inC) return killed;
      const late = scene.open(name);
      const who: Who = (pid) => names.get(pid) ?? `a stranger, ${pid}`;
      const outcome = await scene.judge([...early, late], begun, who, index).finally(() => late.close());
      return { ...killed, outcome };
    } catch (cause) {
      throw new Error(`${scene.title}, killed behind ${steps} instructions: ${cause}`, { cause });
    } finally {
      for (const object of early) object.close();
    }
  }

  /** Kills before and behind each store, and evenly at `most` other instructions; or at all where there are no more. */
  async run(scene: AnyScene, most: number, inC: boolean): Promise<Stepped> {
    const whole = await this.#play(scene, EVERYTHING, inC, 0);
    assert.equal(whole.isEnd, true);
    const stride = Math.ceil(whole.steps / most);
    const evenly = Array.from({ length: Math.ceil(whole.steps / stride) }, (_, index) => index * stride);
    const points = new Set([...evenly, ...whole.stores.flatMap((store) => [store - 1, store])]);
    const outcomes: string[] = [];
    const whileHolding: string[] = [];
    for (const [index, steps] of [...points].sort((a, b) => a - b).entries()) {
      const killed = await this.#play(scene, steps, inC, index);
      outcomes.push(killed.outcome);
      if (killed.isHolding) whileHolding.push(killed.outcome);
    }
    return { title: scene.title, instructions: whole.steps, outcomes: [...outcomes, whole.outcome], whileHolding };
  }

  end(): void {
    this.#peer.kill();
  }
}
