// The peer of the NUMA tests: tells what is refused where a profile or the kernel forbids these calls.

import process from "node:process";
import { AnonymousMemory, IpcError, numa, SharedMemory } from "../../mod.ts";

const memory = SharedMemory.anonymous({ size: 8192 });
const actions: Record<string, () => unknown> = {
  alloc: () => numa.alloc(4096, { node: 0 }),
  bind: () => numa.bind(memory, { node: 0 }),
  pages: () => numa.pages(memory),
  setPolicy: () => numa.setPolicy({ policy: "interleave", nodes: [0] }),
  policy: () => numa.policy().policy,
  "policy of memory": () => numa.policy(memory).policy,
  nodes: () => numa.nodes().length > 0,
  "huge pages": () => AnonymousMemory.create({ size: 4096, hugePages: "try", node: 0 }).size,
};

/** The value in short, or the code and the hint of the error. */
function outcome(action: () => unknown): string {
  try {
    const value = action();
    return typeof value === "object" ? "made" : String(value);
  } catch (error) {
    return error instanceof IpcError ? `${error.code} ${error.syscall} ${/\(.*/.exec(error.message)}` : String(error);
  }
}

for (const [name, action] of Object.entries(actions)) console.log(`${name}: ${outcome(action)}`);
process.exit();
