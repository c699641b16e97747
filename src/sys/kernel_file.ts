// The small files in /sys and /proc in which the kernel tells of itself.

import { environment } from "../runtime/environment.ts";
import { errno } from "./errno.ts";
import { check } from "./error.ts";
import { close, O_RDONLY, open } from "./memory.ts";

const OFFSET = 8192; // behind the longest path
const SIZE_MAX_BYTES = 8000;
const decoder = new TextDecoder();

/** What this process has run out of: nothing is said of the file then. */
const SHORTAGES = [errno.EMFILE, errno.ENFILE, errno.ENOMEM];

/**
 * The file's first 8000 bytes as text; undefined where there is no such file or it may not be read, as in sandboxes.
 *
 * @throws {IpcError} EMFILE, ENFILE, ENOMEM: whether it is there is not known
 */
export function kernelText(path: string): string | undefined {
  const fd = open(path, O_RDONLY, 0);
  if (SHORTAGES.includes(-fd)) check(fd, () => ({ syscall: "open", doing: `read ${path}`, path }));
  if (fd < 0) return undefined;
  const { calls, scratch, scratchAddress } = environment();
  const length = calls.pread(fd, scratchAddress + OFFSET, SIZE_MAX_BYTES, 0);
  close(fd);
  return length < 0 ? undefined : decoder.decode(scratch.slice(OFFSET, OFFSET + length)).trim();
}

/** The file's number. */
export function kernelNumber(path: string): number | undefined {
  const number = Number.parseInt(kernelText(path) ?? "", 10);
  return Number.isNaN(number) ? undefined : number;
}

/** A number of lines such as "MemAvailable:  1234 kB" or "active_file 4321". */
export function kernelField(text: string, name: string): number | undefined {
  const digits = new RegExp(`^${name}:? +(\\d+)`, "m").exec(text)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** The file's list of numbers, as in "0-3,8". */
export function kernelList(path: string): number[] | undefined {
  const text = kernelText(path);
  if (text === undefined) return undefined;
  return text.split(",").flatMap((part) => {
    const [first, last = first] = part.split("-").map(Number);
    return part === "" ? [] : Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
}
