// Plays all scenes: two processes are killed one after the other, and this one judges what they have left.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { Event } from "../../../mod.ts";
import { ownRuntime, patiently, type Runtime, sleep, spawnPeer, spawnProgram, uniqueName } from "../../support/mod.ts";
import { nameOf, type Said, scenes } from "./all.ts";
import { cPeer } from "./c.ts";
import type { AnyScene, Closable, Who } from "./scene.ts";

const program = new URL("./peer.ts", import.meta.url);
/** Past the spinning of those who wait. */
const SETTLE_MS = 50;
const DEATH_MS = 60_000;

function isAlive(pid: number): boolean {
  try {
    const status = readFileSync(`/proc/${pid}/stat`, "latin1");
    return status.at(status.lastIndexOf(")") + 2) !== "Z";
  } catch {
    return false; // somebody has taken note of its death already
  }
}

/** Blocks this thread: nobody here does anything until the process is dead. */
function sleepUntilDead(pid: number): void {
  const nobody = new Int32Array(new SharedArrayBuffer(4));
  const end = performance.now() + patiently(DEATH_MS);
  while (isAlive(pid)) {
    assert.ok(performance.now() < end, "the victim has not killed itself");
    Atomics.wait(nobody, 0, 0, 5);
  }
}

/** One object, in which a process is killed. */
interface Stage {
  readonly scene: AnyScene;
  readonly number: number;
  readonly index: number;
  readonly name: string;
  readonly early: readonly [Closable, Closable];
  begun: unknown;
}

export interface Played extends Said {
  /** Of each scene, what the kill at each stop came to, and behind its end. */
  readonly outcomes: readonly (readonly string[])[];
}

function setUp(prefix: string, counts: readonly number[]): Stage[] {
  return counts.flatMap((count, number) => {
    const scene = scenes[number] as AnyScene;
    return Array.from({ length: count + 1 }, (_, index) => {
      const name = nameOf(prefix, number, index);
      return { scene, number, index, name, early: [scene.create(name), scene.open(name)] as const, begun: undefined };
    });
  });
}

async function judge({ scene, index, name, early, begun }: Stage, who: Who, stops: readonly string[]): Promise<string> {
  const late = scene.open(name);
  try {
    return await scene.judge([...early, late], begun, who, index);
  } catch (cause) {
    throw new Error(`${scene.title}, killed ${stops[index] ?? "behind its end"}: ${cause}`, { cause });
  } finally {
    late.close();
  }
}

/** What C survivors find; they come behind the kills. */
async function judgeInC(stages: readonly Stage[], victim: number, first: number): Promise<string[]> {
  const judge = spawnProgram(cPeer(), ["JUDGE"]);
  const outcomes: string[] = [];
  for (const { scene, name } of stages) {
    judge.write(`${victim} ${first} ${name} ${scene.title}`);
    outcomes.push(await judge.line());
  }
  judge.kill();
  return outcomes;
}

export interface PlayOptions {
  /** The victim's runtime. */
  readonly victim: Runtime;
  /** Of who dies before it. */
  readonly first: Runtime;
  /** How many stops each scene has: 0 where that is not known, -1: it is not played. */
  readonly counts: readonly number[];
  /** The survivors are not of this process's runtime, but C. */
  readonly inC?: boolean;
}

/** Kills, and judges what they came to. */
export async function play({ victim, first, counts, inC = false }: PlayOptions): Promise<Played> {
  const prefix = uniqueName("kill-point");
  const parameters = [prefix, JSON.stringify(counts)];
  const stages = setUp(prefix, counts);
  const go = Event.create(`${prefix}-go`, { unlinkOnClose: true });
  try {
    const predecessor = spawnPeer(first, program, ["first", ...parameters]);
    const end = await predecessor.ended;
    assert.equal(end.signal, "SIGKILL", end.stderr);
    const peer = spawnPeer(victim, program, ["victim", ...parameters]);
    await peer.lineOf("ready");
    for (const stage of stages) stage.begun = stage.scene.begin?.(stage.early);
    await sleep(SETTLE_MS);
    go.set();
    sleepUntilDead(peer.pid);
    const said = JSON.parse(await peer.line()) as Said;
    assert.equal((await peer.ended).signal, "SIGKILL");
    const names = new Map([
      [peer.pid, "victim"],
      [predecessor.pid, "first"],
      [0, "first"], // its slot has passed on twice: to the victim, and to the survivor who comes late
    ]);
    const who = (pid: number) => names.get(pid) ?? `a stranger, ${pid}`;
    const judged = inC
      ? await judgeInC(stages, peer.pid, predecessor.pid)
      : await Promise.all(stages.map((stage) => judge(stage, who, said.stops[stage.number] ?? [])));
    const outcomes = scenes.map((_, number) => judged.filter((_, place) => stages[place]?.number === number));
    return { ...said, outcomes };
  } finally {
    go.close();
    for (const { early } of stages) for (const object of early) object.close();
  }
}

const isAnother = (outcome: string, index: number, all: readonly string[]) => outcome !== all[index - 1];

/** Each kill came to what the scene says, and each process had the stops that were counted. */
export function checkPlayed(played: Played, counted: readonly (readonly string[])[]): void {
  assert.deepEqual(played.missed, []);
  for (const [number, { title, outcomes, whileHolding }] of scenes.entries()) {
    const found = played.outcomes[number] as readonly string[];
    if (found.length === 0) continue;
    assert.deepEqual(played.stops[number], counted[number], `${title}: the stops are the same everywhere`);
    assert.deepEqual(found.filter(isAnother), outcomes, `${title}: ${found}`);
    assert.equal(found[played.holding[number] as number], whileHolding, `${title}: killed while it holds`);
  }
}

/** The stops of each scene, in this runtime. */
export async function countStops(): Promise<readonly (readonly string[])[]> {
  return (await play({ victim: ownRuntime, first: ownRuntime, counts: scenes.map(() => 0) })).stops;
}
