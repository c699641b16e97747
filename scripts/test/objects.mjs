// Shared memory objects of this project: which exist now, and which of them somebody uses.
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";

const folder = "/dev/shm";

/** Paths of objects whose names begin with `linux-ipc`. */
function sharedObjects() {
  const names = existsSync(folder) ? readdirSync(folder) : [];
  return names.filter((name) => name.startsWith("linux-ipc")).map((name) => `${folder}/${name}`);
}

/** Removes what a test process has made, by the names that tests give: it was killed and could not do it itself. */
export function removeObjectsOf(pid) {
  for (const path of sharedObjects().filter((path) => path.startsWith(`${folder}/linux-ipc-test-${pid}-`))) {
    rmSync(path, { recursive: true, force: true });
  }
}

function mappings(pid) {
  try {
    return readFileSync(`/proc/${pid}/maps`, "utf8");
  } catch {
    return ""; // ended meanwhile, or not ours to read
  }
}

/** Everything that living processes have mapped, as one text. */
function allMappings() {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.map(mappings).join("");
}

/** Whether the test process that its name speaks of still runs: one of another run of the tests, beside ours. */
function isOfLiving(path) {
  const [, pid] = /\/linux-ipc-test-(\d+)-/.exec(path) ?? [];
  return pid !== undefined && existsSync(`/proc/${pid}`);
}

/** Remembers what exists, and who ran when something new appeared. */
export class LeftoverWatch {
  #known = new Set(sharedObjects());
  #suspects = new Map();

  /** To be called when `culprit` has ended. */
  look(culprit) {
    for (const path of sharedObjects()) {
      if (!this.#known.has(path) && !this.#suspects.has(path)) this.#suspects.set(path, culprit);
    }
  }

  /** What is still there, as [path, culprit]. What a living process has made or mapped is not a left-over of ours. */
  leftovers() {
    const present = [...this.#suspects].filter(([path]) => existsSync(path) && !isOfLiving(path));
    if (present.length === 0) return [];
    const inUse = allMappings();
    return present.filter(([path]) => !inUse.includes(`${path}\n`));
  }
}
