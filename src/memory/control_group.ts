// Control groups: how much more memory this process's group and those around it allow, in both versions of them.

import { kernelField, kernelNumber, kernelText } from "../sys/kernel_file.ts";

/** How much there is, and what says so. */
export interface Room {
  readonly bytes: number;
  readonly words: string;
}

/** A version of control groups: where it is mounted, what names our group in it, and what its files are called. */
interface Hierarchy {
  readonly root: string;
  /** In /proc/self/cgroup. */
  readonly line: RegExp;
  readonly max: string;
  readonly current: string;
  /** In memory.stat: what the kernel drops first, pages of files, and what it remembers of names and files. */
  readonly dropped: readonly string[];
  /** How much of the machine's free swap space the group may use, which has `room` in memory. */
  swappable(folder: string, swap: number, room: number): number;
}

const unified: Hierarchy = {
  root: "/sys/fs/cgroup",
  line: /^0::(.*)$/m,
  max: "memory.max",
  current: "memory.current",
  dropped: ["active_file", "inactive_file", "slab_reclaimable"],
  swappable(folder, swap) {
    const [max, current = 0] = ["max", "current"].map((name) => kernelNumber(`${folder}/memory.swap.${name}`));
    return max === undefined ? swap : Math.max(0, Math.min(swap, max - current));
  },
};

/**
 * Version 1 limits memory and swap space together; the files of that are missing where swap is not counted. Of the kernel's
 * own memory it does not say how much can be dropped.
 */
const separate: Hierarchy = {
  root: "/sys/fs/cgroup/memory",
  line: /^\d+:(?:[^:]*,)?memory(?:,[^:]*)?:(.*)$/m,
  max: "memory.limit_in_bytes",
  current: "memory.usage_in_bytes",
  dropped: ["total_active_file", "total_inactive_file"],
  swappable(folder, swap, room) {
    const [max, current = 0] = ["limit", "usage"].map((name) =>
      kernelNumber(`${folder}/memory.memsw.${name}_in_bytes`),
    );
    return max === undefined ? swap : Math.min(swap, max - current - room);
  },
};

/** The group's folder and those of the groups around it, as far as they are mounted. */
function foldersOf({ root, line }: Hierarchy): string[] {
  const group = line.exec(kernelText("/proc/self/cgroup") ?? "")?.[1] ?? "";
  const names = group.split("/").filter((name) => name !== "");
  return [...names.keys(), names.length].map((count) => [root, ...names.slice(0, count)].join("/"));
}

/** What one control group allows. */
function roomOf(folder: string, hierarchy: Hierarchy, swap: number): Room | undefined {
  const { max, current, dropped } = hierarchy;
  const [limit, used] = [max, current].map((name) => kernelNumber(`${folder}/${name}`));
  if (limit === undefined || used === undefined) return undefined;
  const stat = kernelText(`${folder}/memory.stat`) ?? "";
  const cached = dropped.reduce((sum, name) => sum + (kernelField(stat, name) ?? 0), 0);
  const bytes = limit - used + cached + hierarchy.swappable(folder, swap, limit - used);
  return { bytes, words: `${max} is ${limit} and ${current} ${used}, in ${folder}` };
}

/** What the groups allow that limit this process, where the machine has `swap` bytes of swap space free. */
export function groupRooms(swap: number): Room[] {
  return [unified, separate].flatMap((hierarchy) =>
    foldersOf(hierarchy)
      .map((folder) => roomOf(folder, hierarchy, swap))
      .filter((room) => room !== undefined),
  );
}
