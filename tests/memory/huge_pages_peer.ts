// The peer of the huge-page tests: one command a process; says in lines what it found.

import { readFileSync, rmSync, statSync, truncateSync } from "node:fs";
import process from "node:process";
import { IpcError, MappedFile, numa, SharedMemory } from "../../mod.ts";

const [command, ...parameters] = process.argv.slice(2);

function outcome(action: () => unknown): string {
  try {
    return String(action());
  } catch (error) {
    return error instanceof IpcError ? error.code : String(error);
  }
}

/** Pages of the pool that nobody has. */
const freePages = () => Number(readFileSync("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages", "utf8"));

/** How many pages the message says there are, and are needed, and the pool should have. */
function figures(action: () => unknown): string {
  try {
    return String(action());
  } catch (error) {
    const told = /(E[A-Z]+), .*\((\d+) of \d+ huge pages of 2MB are free, (\d+) needed(?:.*echo (\d+))?/.exec(
      String(error),
    );
    return told === null ? String(error) : told.slice(1).join(" ");
  }
}

const commands: Record<string, () => void> = {
  /** Maps descriptor 3, which somebody else made of huge pages. */
  share() {
    const memory = SharedMemory.fromDescriptor(3);
    console.log(memory.size, memory.pageSize, memory.hugePages, memory.bytes[5]);
    memory.bytes[6] = 66;
    memory.close();
  },

  /** Somebody makes it smaller by a page. */
  truncated() {
    const memory = SharedMemory.anonymous({ size: 4 << 20, hugePages: "2MB", seal: false });
    memory.bytes.fill(1);
    truncateSync(`/proc/self/fd/${memory.fd}`, 2 << 20);
    const at = (3 << 20) + 5000;
    console.log(memory.bytes[0], memory.bytes[at], memory.lostPages);
    memory.bytes[at] = 7;
    console.log(memory.bytes[at], memory.bytes[(4 << 20) - 1], memory.lostPages);
    memory.close();
    console.log("alive", memory.lostPages);
  },

  /** Asks a pool of four pages for more, in each of the ways that there are. */
  beyondPool() {
    const [path, how] = parameters;
    const tell = (action: () => unknown) => console.log(figures(action), freePages());
    tell(() => MappedFile.create(`${path}/new`, { size: 20 << 20 }));
    const file = MappedFile.create(`${path}/grown`, { size: 2 << 20 });
    const odd = MappedFile.create(`${path}/odd`, { size: 1000 });
    file.bytes[5] = 55;
    tell(() => file.grow(20 << 20));
    tell(() => odd.grow(20 << 20));
    console.log(statSync(file.path).size, file.size, file.bytes[5]);
    tell(() => odd.grow(4 << 20));
    odd.bytes[(4 << 20) - 1] = 1;
    console.log(odd.size, odd.lostPages);
    if (how === "rw") tell(() => file.grow(20 << 20, { sparse: true })); // holes that are mapped have their pages, too
    console.log(statSync(file.path).size);
    for (const one of [file, odd]) {
      one.close();
      rmSync(one.path); // the mount may outlive this process by an instant, and its pages with it
    }
  },

  /** A file in a hugetlbfs: huge pages that have a name. */
  file() {
    const [path] = parameters;
    const file = MappedFile.create(path, { size: 4 << 20 });
    console.log(file.size, file.pageSize, file.hugePages, numa.pages(file).length);
    file.bytes[(4 << 20) - 1] = 9;
    file.sync();
    const same = MappedFile.open(path, { offset: 2 << 20 });
    console.log(
      same.bytes[(2 << 20) - 1],
      outcome(() => MappedFile.open(path, { offset: 4096 })),
    );
    file.punchHole({ offset: 2 << 20 });
    console.log(same.bytes[(2 << 20) - 1]);
    same.close();
    file.close();
    const odd = MappedFile.openOrCreate(`${path}-odd`, { size: 1000 });
    odd.bytes[999] = 1;
    console.log(odd.size, odd.pageSize);
    odd.close();
    try {
      MappedFile.create(`${path}-large`, { size: 1 << 30 });
    } catch (error) {
      console.log(/ENOSPC.*\(\d of 4 (huge pages of 2MB are free, 512 needed)/.exec(String(error))?.[1]);
    }
  },
};

commands[command]();
