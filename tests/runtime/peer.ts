// The peer of the runtime tests: one command a process, its answer as one line of JSON.

import { mkdtempSync, rmdirSync } from "node:fs";
import process from "node:process";

const [command, ...parameters] = process.argv.slice(2);

/** The import is dynamic, because some commands change the process before it. */
const load = (path: string) => import(new URL(path, import.meta.url).href);
const say = (value: unknown) => console.log(JSON.stringify(value));
const describe = (error: unknown) => {
  const { name, message, code } = error as Error & { code?: string };
  return { name, message, code };
};

const commands: Record<string, () => Promise<void>> = {
  /** Which backend this is, and whether it reaches the kernel. */
  async backend() {
    const { environment } = await load("../../src/runtime/environment.ts");
    const { backend, calls } = environment();
    say({ backend, pid: calls.getpid(), processPid: process.pid, abi: calls.abi_version() });
  },

  /** As backend, where the process's own directory has been removed. */
  async backendNowhere() {
    const directory = mkdtempSync("/tmp/linux-ipc-test-nowhere-");
    process.chdir(directory);
    rmdirSync(directory);
    await commands.backend();
  },

  /** Imports the whole package and makes the first call, twice. */
  async firstCall() {
    const { SharedMemory } = await load("../../mod.ts");
    const errors = [];
    for (let round = 0; round < 2; round++) {
      try {
        SharedMemory.anonymous({ size: 4096 }).close();
      } catch (error) {
        errors.push(describe(error));
      }
    }
    say(errors);
  },

  /** As firstCall, on what looks like another system. */
  async elsewhere() {
    Object.defineProperty(process, "platform", { value: parameters[0] });
    if (parameters[1]) Object.defineProperty(process, "arch", { value: parameters[1] });
    await commands.firstCall();
  },

  /** As firstCall, in what looks like an engine that cannot detach buffers. */
  async withoutTransfer() {
    Reflect.deleteProperty(ArrayBuffer.prototype, "transfer");
    await commands.firstCall();
  },
};

await commands[command]();
