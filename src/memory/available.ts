// What memory there is for pages that are made present now: tmpfs promises more, and the OOM killer pays.

import { errno } from "../sys/errno.ts";
import { type Attempt, IpcError } from "../sys/error.ts";
import { kernelNumber, kernelText } from "../sys/kernel_file.ts";

/** Smaller amounts are not asked about: the question would cost more than the pages. */
export const LEAST_BYTES = 2 ** 26;

/** How much there is, and what says so. */
interface Room {
  readonly bytes: number;
  readonly words: string;
}

/** A number of lines such as "MemAvailable:  1234 kB" or "active_file 4321". */
function field(text: string, name: string): number | undefined {
  const digits = new RegExp(`^${name}:? +(\\d+)`, "m").exec(text)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** The group's folder and those of the groups around it, as far as they are mounted. */
function groupFolders(): string[] {
  const group = /^0::(.*)$/m.exec(kernelText("/proc/self/cgroup") ?? "")?.[1] ?? "";
  const names = group.split("/").filter((name) => name !== "");
  return [...names.keys(), names.length].map((count) => ["/sys/fs/cgroup", ...names.slice(0, count)].join("/"));
}

/** What one control group allows. Its pages of files count as free: the kernel drops them first. */
function roomOf(folder: string, swap: number): Room | undefined {
  const number = (name: string) => kernelNumber(`${folder}/memory.${name}`);
  const [max, current, swapMax, swapCurrent] = ["max", "current", "swap.max", "swap.current"].map(number);
  if (max === undefined || current === undefined) return undefined;
  const stat = kernelText(`${folder}/memory.stat`) ?? "";
  const files = (field(stat, "active_file") ?? 0) + (field(stat, "inactive_file") ?? 0);
  const swappable = Math.max(0, Math.min(swap, (swapMax ?? swap) - (swapMax === undefined ? 0 : (swapCurrent ?? 0))));
  const words = `memory.max is ${max} and memory.current ${current}, in ${folder}`;
  return { bytes: max - current + files + swappable, words };
}

/** What the machine has, and what the control groups allow; none where the kernel does not tell. */
function rooms(): Room[] {
  const text = kernelText("/proc/meminfo") ?? "";
  const [available, swap] = ["MemAvailable", "SwapFree"].map((name) => field(text, name));
  if (available === undefined || swap === undefined) return [];
  const words = `MemAvailable is ${available * 1024} and SwapFree ${swap * 1024}, in /proc/meminfo`;
  const groups = groupFolders().map((folder) => roomOf(folder, swap * 1024));
  return [{ bytes: (available + swap) * 1024, words }, ...groups.filter((room) => room !== undefined)];
}

/**
 * Refuses, before the first page is taken, what cannot be had: the kernel would kill processes to get it, this one or
 * others. Where the kernel does not tell what it has, everything is tried.
 *
 * @throws {IpcError} ENOMEM
 */
export function demandMemory(bytes: number, attempt: () => Attempt): void {
  if (bytes < LEAST_BYTES) return;
  const short = rooms().find((room) => bytes > room.bytes);
  if (short === undefined) return;
  throw new IpcError(errno.ENOMEM, { ...attempt(), hint: `${bytes} bytes asked, and ${short.words}` });
}
