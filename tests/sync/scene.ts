// What the sync tests share: objects with names of their own, and peers that do a call for each line.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import type { ObjectCreateOptions } from "../../src/memory/placement.ts";
import { type ObjectClass, SharedObject } from "../../src/sync/shared_object.ts";
import { cleanUp, ownRuntime, type Peer, type Runtime, spawnPeer, uniqueName, until, within } from "../support/mod.ts";

const program = new URL("./peer.ts", import.meta.url);
const ANSWER_MS = 10_000;
const START_MS = 30_000;

interface Closable {
  close(): void;
}
const open: Closable[] = [];

/** Closed by `closeAll`, in the opposite order. */
export function closing<T extends Closable>(object: T): T {
  open.push(object);
  return object;
}

export async function closeAll(): Promise<void> {
  for (const object of open.splice(0).reverse()) object.close();
  await Promise.all([...busy].map((peer) => peer.release()));
}

/** A new object, and its name. */
export function make<T extends Closable, O>(
  Kind: ObjectClass<T, O>,
  label: string,
  options?: O,
): { name: string; it: T } {
  const name = uniqueName(label);
  const all = { ...options, unlinkOnClose: true } as O & ObjectCreateOptions;
  return { name, it: closing(SharedObject.create.call<ObjectClass<T, O>, [string, typeof all], T>(Kind, name, all)) };
}

interface StartOptions {
  /** Over part of a memory whose start is the participants' table. */
  readonly offset?: number;
  readonly runtime?: Runtime;
  /** What runs a process of its own: see PeerOptions. */
  readonly wrapper?: string[];
}

/** Processes of earlier tests that are still there: starting one costs more than most tests. */
const idle: SyncPeer[] = [];
const busy = new Set<SyncPeer>();

/** A real process that holds, waits and dies. */
export class SyncPeer {
  readonly peer: Peer;
  readonly runtime: Runtime;
  readonly #isReusable: boolean;

  private constructor(runtime: Runtime, wrapper: string[] | undefined) {
    this.peer = spawnPeer(runtime, program, [], { wrapper });
    this.runtime = runtime;
    this.#isReusable = wrapper === undefined;
  }

  /** A process that has the object open. */
  static async start(kind: string, name: string, options: StartOptions = {}): Promise<SyncPeer> {
    const { offset, runtime = ownRuntime, wrapper } = options;
    const index = wrapper === undefined ? idle.findIndex((other) => other.runtime === runtime) : -1;
    const peer = (index < 0 ? undefined : idle.splice(index, 1)[0]) ?? new SyncPeer(runtime, wrapper);
    busy.add(peer);
    peer.begin(`open ${kind} ${name} ${offset ?? ""}`);
    await peer.peer.lineOf("ready", START_MS); // a failed test may have left answers behind
    return peer;
  }

  get pid(): number {
    return this.peer.pid;
  }

  /** Begins a call whose answer `answer` reads. */
  begin(line: string): void {
    this.peer.write(line);
  }

  /** Begins a call that awaits: it has begun to, since the process answers another one behind it. */
  async beginToAwait(line: string): Promise<void> {
    this.begin(line);
    assert.equal(await this.call("object created"), "false");
  }

  answer(timeoutMs = ANSWER_MS): Promise<string> {
    return this.peer.line(timeoutMs);
  }

  /** How many lines it has written since it opened the object. */
  get lines(): number {
    return this.peer.stdout.split("\n").length - this.peer.stdout.split("\n").lastIndexOf("ready") - 2;
  }

  async call(line: string): Promise<string> {
    this.begin(line);
    return this.answer();
  }

  /** Stopped, with all of its threads: one that still ran could take what the others wait for, and stop then. */
  async stop(): Promise<void> {
    this.peer.kill("SIGSTOP");
    const tasks = `/proc/${this.pid}/task`;
    const states = () => readdirSync(tasks).map((task) => readFileSync(`${tasks}/${task}/stat`, "latin1"));
    await until(() => states().every((line) => line.slice(line.lastIndexOf(")") + 2).startsWith("T")), "it is stopped");
  }

  /** Killed, and known as dead by its parent. */
  async kill(): Promise<void> {
    busy.delete(this);
    this.peer.kill();
    await this.peer.ended;
  }

  /** Lets go of the object, for the next test. */
  async release(): Promise<void> {
    busy.delete(this);
    this.peer.kill("SIGCONT");
    const isGone = !this.#isReusable || this.peer.child.exitCode !== null;
    if (isGone) return this.kill();
    this.begin("close");
    await this.peer.lineOf("closed", ANSWER_MS);
    idle.push(this);
  }
}

/** For `after` in every test file. */
export function cleanUpPeers(): void {
  idle.length = 0;
  busy.clear();
  cleanUp();
}

/** The promise's value, or a failure that says which wait it was. */
export const soon = <T>(promise: Promise<T>, what: string): Promise<T> => within(promise, ANSWER_MS, what);

/** Whether the promise is still pending after `milliseconds`. */
export async function isPending(promise: Promise<unknown>, milliseconds = 60): Promise<boolean> {
  const pending = Symbol("pending");
  const timer = new Promise((resolve) => setTimeout(() => resolve(pending), milliseconds));
  return (await Promise.race([promise, timer])) === pending;
}

/**
 * What others do while the object goes to sleep in its next wait: `leave` behind its second look, the last one before it
 * announces itself; `come` before its third one, behind the announcement and the list of whose deaths it watches.
 */
export function actBetweenLooks<K extends string>(
  object: Record<K, () => unknown>,
  look: K,
  leave: () => void,
  come: () => void,
): void {
  const original = object[look].bind(object);
  let looks = 0;
  object[look] = () => {
    looks++;
    if (looks === 3) come();
    const found = original();
    if (looks === 2) leave();
    return found;
  };
}
