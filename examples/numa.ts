// NUMA: memory on the node of the processor that uses it. bun numa.ts, deno run -A numa.ts or node numa.ts
import { cpu, IpcError, numa, prefault, SharedMemory } from "@linux-ipc/core";

const MB = 2 ** 20;
const nodes = numa.nodes();
for (const { id, cpus, totalBytes, freeBytes } of nodes) {
  const memory = `${Math.round(freeBytes / MB)} of ${Math.round(totalBytes / MB)} MB free`;
  console.log(`Node ${id}: processors ${cpus.join(", ") || "none"}; ${memory}.`);
}

/** How many pages are on each node. */
function whereabouts(memory: SharedMemory): string {
  const counts = new Map<number, number>();
  for (const node of numa.pages(memory)) counts.set(node, (counts.get(node) ?? 0) + 1);
  return [...counts].map(([node, count]) => `${count} pages on node ${node}`).join(", ");
}

// A consumer that spins on one processor wants its ring on the same node.
const here = cpu.current();
cpu.pin(here, { scope: "thread" });
const node = numa.current();
console.log(`This thread is pinned to processor ${here} of node ${node}.`);

try {
  const ours = numa.alloc(16 * MB, { node, populate: true });
  console.log(`${ours.size / MB} MB of our own, all on node ${numa.pages(ours)[0]}.`);
  ours.close();

  const shared = SharedMemory.anonymous({ size: 16 * MB });
  numa.bind(shared, { node }); // moves the pages that are elsewhere; holds for every process that maps it
  prefault(shared);
  console.log(`Shared memory, bound to node ${node}: ${whereabouts(shared)}.`);

  numa.bind(shared, { policy: "interleave", nodes: nodes.map(({ id }) => id) });
  console.log(`Shared memory, interleaved: ${whereabouts(shared)}.`);
  shared.close();
} catch (error) {
  if (!(error instanceof IpcError)) throw error;
  console.log(error.message); // a container without CAP_SYS_NICE
}
cpu.unpin({ scope: "thread" });
