// Peers: real processes of any runtime, started by a test, spoken to in lines of text.

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { relative } from "node:path";
import process from "node:process";
import { projectRoot, type Runtime } from "./runtimes.ts";
import { patiently } from "./wait.ts";

export interface PeerEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface PeerOptions {
  /** More variables of the environment; undefined removes one. */
  environment?: Record<string, string | undefined>;
  cwd?: string;
  /** Descriptors of this process that the peer gets as 3, 4, ... */
  descriptors?: number[];
  /** What runs the peer: `["unshare", "-m", ...]`. */
  wrapper?: readonly string[];
  /** More parameters of the runtime, before the script. */
  parameters?: readonly string[];
}

const alive = new Set<ChildProcess>();

/** Not child.kill(): Deno's does nothing after its first signal, be it only SIGSTOP. */
function signalTo(child: ChildProcess, signal: NodeJS.Signals): void {
  if (!alive.has(child) || child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(child.pid, signal);
  } catch {
    // it ended just now
  }
}

/** A peer that has been started. Its output is kept whole, and read line by line with `line`. */
export class Peer {
  readonly child: ChildProcess;
  /** Resolves when it has ended and all of its output is there. */
  readonly ended: Promise<PeerEnd>;
  readonly #name: string;
  #stdout = "";
  #stderr = "";
  #read = 0;
  #hasEnded = false;
  #onProgress: (() => void)[] = [];

  constructor(child: ChildProcess, name: string) {
    this.child = child;
    this.#name = name;
    alive.add(child);
    child.stdout?.setEncoding("utf8").on("data", (text: string) => this.#progress(() => (this.#stdout += text)));
    child.stderr?.setEncoding("utf8").on("data", (text: string) => this.#progress(() => (this.#stderr += text)));
    child.stdin?.on("error", () => {}); // it may have ended before it read everything
    this.ended = new Promise((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code, signal) => {
        alive.delete(child);
        this.#progress(() => (this.#hasEnded = true));
        resolve({ code, signal, stdout: this.#stdout, stderr: this.#stderr });
      });
    });
    this.ended.catch(() => {}); // whoever awaits it is told
  }

  #progress(change: () => void): void {
    change();
    for (const look of this.#onProgress.splice(0)) look();
  }

  get pid(): number {
    if (this.child.pid === undefined) throw new Error(`the peer ${this.#name} could not be started`);
    return this.child.pid;
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  #nextLine(): string | undefined {
    const end = this.#stdout.indexOf("\n", this.#read);
    if (end < 0) return undefined;
    const line = this.#stdout.slice(this.#read, end);
    this.#read = end + 1;
    return line;
  }

  /** The next line of its output. Rejects when it ends without one, or after the timeout. */
  async line(timeoutMs = 30_000): Promise<string> {
    const end = performance.now() + patiently(timeoutMs);
    for (;;) {
      const line = this.#nextLine();
      if (line !== undefined) return line;
      const left = end - performance.now();
      if (this.#hasEnded || left <= 0) throw new Error(this.#complaint(timeoutMs));
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#onProgress.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  #complaint(timeoutMs: number): string {
    const { exitCode, signalCode } = this.child;
    const what = this.#hasEnded ? `ended (${signalCode ?? exitCode})` : `wrote no line in ${timeoutMs} ms`;
    return `the peer ${this.#name} ${what}\nstdout: ${this.#stdout}\nstderr: ${this.#stderr}`;
  }

  /** Lines until one is `text`. */
  async lineOf(text: string, timeoutMs = 30_000): Promise<void> {
    while ((await this.line(timeoutMs)) !== text);
  }

  /** Writes a line to its input. */
  write(line: string): void {
    this.child.stdin?.write(`${line}\n`);
  }

  /** Sends the signal; nothing happens when it has ended. */
  kill(signal: NodeJS.Signals = "SIGKILL"): void {
    signalTo(this.child, signal);
  }
}

/** What a peer inherits: the tests' own choices of backend and of test runner must not leak into it. */
function environmentFor(more: Record<string, string | undefined>): Record<string, string> {
  const { LINUX_IPC_BACKEND, LINUX_IPC_LIBRARY, NODE_OPTIONS, NODE_TEST_CONTEXT, FORCE_COLOR, ...rest } = process.env;
  const all = { ...rest, NO_COLOR: "1", ...more };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as Record<string, string>;
}

/** Starts any program as a peer. */
export function spawnProgram(command: string, parameters: readonly string[], options: PeerOptions = {}): Peer {
  const { environment = {}, cwd = projectRoot, descriptors = [], wrapper = [] } = options;
  const [program, ...rest] = [...wrapper, command, ...parameters];
  const stdio: ("pipe" | number)[] = ["pipe", "pipe", "pipe", ...descriptors];
  const child = spawn(program, rest, { cwd, env: environmentFor(environment), stdio });
  return new Peer(child, [command, ...parameters].join(" ").slice(0, 300));
}

/** The script as one file of JavaScript, where scripts/test/bundle.mjs has made one: it starts in half the time. */
function bundleOf(script: string): string {
  const folder = process.env.LINUX_IPC_TEST_PEERS;
  if (folder === undefined) return script;
  const bundle = `${folder}/${relative(projectRoot, script).replace(/\.ts$/, ".js")}`;
  return existsSync(bundle) ? bundle : script;
}

/** Starts `script` (an absolute path or file URL) under `runtime`, with these arguments. */
export function spawnPeer(
  runtime: Runtime,
  script: string | URL,
  parameters: readonly (string | number)[] = [],
  options: PeerOptions = {},
): Peer {
  const path = bundleOf(script instanceof URL ? script.pathname : script);
  const before = [...runtime.parameters, ...(options.parameters ?? []), path];
  const environment = { ...runtime.environment, ...options.environment };
  return spawnProgram(runtime.command, [...before, ...parameters.map(String)], { ...options, environment });
}

/** Starts a peer and waits for its end, at most `timeoutMs`; a peer that hangs is killed, and its signal tells. */
export async function runPeer(
  runtime: Runtime,
  script: string | URL,
  parameters: readonly (string | number)[] = [],
  options: PeerOptions & { timeoutMs?: number } = {},
): Promise<PeerEnd> {
  const peer = spawnPeer(runtime, script, parameters, options);
  const timer = setTimeout(() => peer.kill(), patiently(options.timeoutMs ?? 60_000));
  try {
    return await peer.ended;
  } finally {
    clearTimeout(timer);
  }
}

/** Ends every peer that still runs. */
export function killPeers(): void {
  for (const child of alive) signalTo(child, "SIGKILL");
}
