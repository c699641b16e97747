// A C process that does one call for each line, on include/linux_ipc.h; and its answers, by the kernel's names.

import assert from "node:assert/strict";
import { constants } from "node:os";
import { asleep, sleepsOf } from "../support/asleep.ts";
import { compilePeer } from "../support/c_peer.ts";
import { type Peer, spawnProgram, until } from "../support/mod.ts";

/** What is answered where a holder died; and by a Once, where it is ours to do. */
export const RECOVERED = "1";
export const YOURS = "1";

const answerOf = (name: keyof typeof constants.errno) => `${-constants.errno[name]}`;
export const EAGAIN = answerOf("EAGAIN");
export const EBUSY = answerOf("EBUSY");
export const EDEADLK = answerOf("EDEADLK");
export const EINVAL = answerOf("EINVAL");
export const EIO = answerOf("EIO");
export const ENOENT = answerOf("ENOENT");
export const EPERM = answerOf("EPERM");
export const EOVERFLOW = answerOf("EOVERFLOW");
export const ETIMEDOUT = answerOf("ETIMEDOUT");
/** Node names it nowhere. */
export const ENOTRECOVERABLE = "-131";

export class CCaller {
  readonly peer: Peer;

  private constructor(peer: Peer) {
    this.peer = peer;
  }

  /** Before it has opened the object: its first line is what that came to. */
  static spawn(kind: string, name: string, offset?: number): Peer {
    const place = offset === undefined ? [] : [String(offset)];
    return spawnProgram(compilePeer("tests/cross/call_peer.c"), [kind, name, ...place]);
  }

  static async start(kind: string, name: string, offset?: number): Promise<CCaller> {
    const peer = CCaller.spawn(kind, name, offset);
    assert.equal(await peer.line(), "0");
    return new CCaller(peer);
  }

  get pid(): number {
    return this.peer.pid;
  }

  /** Begins a call whose answer `answer` reads. A call without a number has 0. */
  begin(line: string): void {
    this.peer.write(/ /.test(line) ? line : `${line} 0`);
  }

  /** Begins a call in which it sleeps, and knows that it does: it has gone to sleep once more than for its line. */
  async beginToSleep(line: string): Promise<void> {
    await asleep(this.pid);
    const before = sleepsOf(this.pid);
    this.begin(line);
    await until(() => sleepsOf(this.pid) > before, `C to wake up for ${line}, and to sleep in it`);
    await asleep(this.pid);
  }

  answer(): Promise<string> {
    return this.peer.line(10_000);
  }

  async call(line: string): Promise<string> {
    this.begin(line);
    return this.answer();
  }

  /** The answers to several calls, one after the other. */
  async calls(...lines: string[]): Promise<string[]> {
    const answers: string[] = [];
    for (const line of lines) answers.push(await this.call(line));
    return answers;
  }

  /** Killed, and known as dead by its parent. */
  async kill(): Promise<void> {
    this.peer.kill();
    await this.peer.ended;
  }
}
