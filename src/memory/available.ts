// What memory there is for pages that are made present now: tmpfs promises more, and the OOM killer pays.

import { errno } from "../sys/errno.ts";
import { type Attempt, IpcError } from "../sys/error.ts";
import { kernelField, kernelText } from "../sys/kernel_file.ts";
import { groupRooms, type Room } from "./control_group.ts";

/** Smaller amounts are not asked about. The question takes 0.3 ms, so many pages thirty times that; a container may have 64 MiB. */
export const LEAST_BYTES = 2 ** 24;

/** What the machine has, and what the control groups allow; none where the kernel does not tell. */
function rooms(): Room[] {
  const text = kernelText("/proc/meminfo") ?? "";
  const [available, swap] = ["MemAvailable", "SwapFree"].map((name) => kernelField(text, name));
  if (available === undefined || swap === undefined) return [];
  const words = `MemAvailable is ${available * 1024} and SwapFree ${swap * 1024}, in /proc/meminfo`;
  return [{ bytes: (available + swap) * 1024, words }, ...groupRooms(swap * 1024)];
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
