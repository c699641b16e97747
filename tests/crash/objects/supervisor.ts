// The supervisor of scenes: kills players at random instants; whoever is left gets on, and nothing stays held.

import { ownObjects, Random, sleep, spawnPeer, uniqueName, until } from "../../support/mod.ts";
import { type CrashOptions, Crew, type Member } from "../crew.ts";
import { type DeathReport, Deaths } from "../deaths.ts";
import { type Durations, sumUp } from "../durations.ts";
import { microseconds, PLACES_COUNT } from "../ledger.ts";
import * as at from "./ledger.ts";
import type { Keeper } from "./scene.ts";
import { scenes, settingOf } from "./scenes.ts";

const program = new URL("./peer.ts", import.meta.url);
const STUCK_MS = 15_000;
const LOOKS_MOST = 10;

export interface ObjectsOptions extends CrashOptions {
  /** Then the next scene begins. */
  readonly killsPerScene: number;
}

export interface ObjectsReport extends DeathReport {
  readonly kills: number;
  readonly killsByScene: Record<string, number>;
  readonly killedByKind: Record<string, number>;
  /** By where the killed process was; two at once; one soon behind another, into its recovery. */
  readonly killed: Record<(typeof at.STATES)[number] | "together" | "soon", number>;
  /** From a kill until everybody else had got on. */
  readonly gotOnMs: Durations;
  readonly turnsByScene: Record<string, number>;
  readonly faults: Record<at.ObjectFault, number>;
}

export class ObjectsSupervisor {
  readonly #options: ObjectsOptions;
  readonly #random: Random;
  readonly #name = uniqueName("objects");
  readonly #ledger: at.ObjectLedger;
  readonly #keepers: readonly Keeper[];
  readonly #crew: Crew;
  readonly #deaths: Deaths;
  #scene = 0;
  /** Kills in this scene. */
  #done = 0;
  readonly #killed = { outside: 0, locking: 0, holding: 0, unlocking: 0, sharing: 0, together: 0, soon: 0 };
  readonly #killsByScene: Record<string, number> = {};
  readonly #gotOnMs: number[] = [];

  constructor(options: ObjectsOptions) {
    this.#options = options;
    this.#random = new Random(options.seed);
    const ledger = at.createObjectLedger(`${this.#name}-ledger`);
    this.#ledger = ledger;
    ledger.store(at.SCENE, 1);
    const common = { ledger, random: this.#random, place: PLACES_COUNT, kind: options.runtimes.length };
    this.#keepers = scenes.map((scene, index) => scene.make(settingOf(index, { ...common, name: this.#name })));
    this.#deaths = new Deaths(ledger, (kind) => options.runtimes[kind]?.name ?? "supervisor");
    const objects = ownObjects().filter((name) => name.startsWith(this.#name));
    this.#crew = new Crew({ ...options, ledger, objects, start: (place) => this.#start(place) });
  }

  async run(): Promise<ObjectsReport> {
    try {
      const kills = await this.#crew.work(this.#options, () => this.#strike());
      await this.#untilLeft(() => this.#crew.finish());
      return this.#report(kills);
    } finally {
      this.#crew.killAll();
      for (const keeper of this.#keepers) keeper.close();
      this.#ledger.close();
    }
  }

  #start(place: number) {
    const { runtimes } = this.#options;
    const kind = this.#random.below(runtimes.length);
    const runtime = runtimes[kind] as (typeof runtimes)[number];
    const parameters = [this.#name, `${this.#name}-ledger`, place, kind, this.#random.word()];
    return { peer: spawnPeer(runtime, program, parameters), kind: runtime.name };
  }

  get #keeper(): Keeper {
    return this.#keepers[this.#scene] as Keeper;
  }

  // -- scenes ----------------------------------------------------------------------------------------------------

  #wordsOf(word: number, members: readonly Member[] = this.#crew.working): number[] {
    return members.map(({ place }) => this.#ledger.load(this.#ledger.place(place, word)));
  }

  /** Nudges until all have left the scene, and looks whether something is still held. */
  async #untilLeft(haveLeft: () => Promise<unknown>): Promise<void> {
    const keeper = this.#keeper;
    let isOver = false;
    const leaving = haveLeft().finally(() => (isOver = true));
    leaving.catch(() => {}); // told below
    while (!isOver) {
      await keeper.nudge?.();
      await sleep(2);
    }
    await leaving;
    await keeper.verify?.();
    this.#deaths.judge();
  }

  async #changeScene(): Promise<void> {
    const next = (this.#scene + 1) % scenes.length;
    const isThere = () => {
      this.#crew.check();
      return this.#wordsOf(at.IN_SCENE).every((scene) => scene === next + 1);
    };
    const goOn = () => until(isThere, `all go from scene ${this.#scene} to ${next}`, STUCK_MS);
    this.#ledger.store(at.SCENE, next + 1);
    await this.#untilLeft(goOn);
    [this.#scene, this.#done] = [next, 0];
  }

  // -- kills -----------------------------------------------------------------------------------------------------

  /** Usually one; or two at once, or one soon behind the other. There are always others, who must get on. */
  async #strike(): Promise<number> {
    const random = this.#random;
    if (this.#done >= this.#options.killsPerScene) await this.#changeScene();
    await sleep(random.below(10));
    const manner = random.pick(["one", "one", "one", "together", "soon"] as const);
    const begin = microseconds();
    const states = await this.#kill(manner === "together" ? 2 : 1);
    if (manner === "soon") {
      await sleep(random.below(3));
      states.push(...(await this.#kill(1)));
    }
    if (manner !== "one") this.#killed[manner]++;
    const getOn = await this.#expectProgress();
    const [{ member, state }] = states as [(typeof states)[0]];
    if (states.length === 1 && state === at.HOLDING) await this.#deaths.waitForNotice(member, begin);
    await until(getOn, `everybody gets on in scene ${this.#scene}`, STUCK_MS);
    this.#gotOnMs.push((microseconds() - begin) / 1000);
    this.#deaths.judge();
    const { title } = scenes[this.#scene] as (typeof scenes)[0];
    this.#killsByScene[title] = (this.#killsByScene[title] ?? 0) + states.length;
    this.#done += states.length;
    return states.length;
  }

  /** Anybody, or one who is in the wanted state, or was just now; some looks are enough for scenes that have such. */
  async #pick(): Promise<Member> {
    const { working } = this.#crew;
    const wanted = this.#random.pick([at.HOLDING, at.HOLDING, at.SHARING, undefined]);
    for (let looks = wanted === undefined ? 0 : LOOKS_MOST; looks > 0; looks--) {
      const states = this.#wordsOf(at.STATE);
      const found = working.filter((_, index) => states[index] === wanted);
      if (found.length > 0) return this.#random.pick(found);
      await sleep(1);
    }
    return this.#random.pick(working);
  }

  async #kill(count: number): Promise<{ member: Member; state: number }[]> {
    const victims = new Set([await this.#pick()]);
    while (victims.size < count) victims.add(this.#random.pick(this.#crew.working));
    for (const { place } of victims) at.doom(this.#ledger, place);
    this.#crew.kill(...victims);
    await Promise.all([...victims].map(({ peer }) => peer.ended));
    return [...victims].map((member) => {
      const [state = 0] = this.#wordsOf(at.STATE, [member]);
      this.#killed[at.STATES[state] ?? "outside"]++;
      this.#deaths.note(member, state === at.SHARING ? at.OUTSIDE : state);
      this.#keeper.bury?.(member.place);
      return { member, state };
    });
  }

  /** Nudges. Who waits then must not wait for ever: answers how to ask whether everybody has got on. */
  async #expectProgress(): Promise<() => boolean> {
    const members = [...this.#crew.working];
    const read = () => this.#wordsOf(at.PROGRESS, members);
    let before = read();
    await this.#keeper.nudge?.(() => {
      before = read();
    });
    return () => {
      this.#crew.check();
      return read().every((progress, index) => progress !== before[index]);
    };
  }

  #report(kills: number): ObjectsReport {
    const turns = scenes.map(({ title }, index) => [title, this.#ledger.load(at.sceneWords(index) + at.TURNS)]);
    return {
      kills,
      killsByScene: this.#killsByScene,
      killedByKind: this.#crew.killed,
      killed: this.#killed,
      ...this.#deaths.report(),
      gotOnMs: sumUp(this.#gotOnMs),
      turnsByScene: Object.fromEntries(turns),
      faults: this.#ledger.faults(),
    };
  }
}
