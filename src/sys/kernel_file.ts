// The small files in /sys and /proc in which the kernel tells of itself.

import { environment } from "../runtime/environment.ts";
import { close, O_RDONLY, open } from "./memory.ts";

const OFFSET = 8192; // behind the longest path
const SIZE_MAX_BYTES = 8000;
const decoder = new TextDecoder();

/** The file's first 8000 bytes as text; undefined where there is no such file or it may not be read. */
export function kernelText(path: string): string | undefined {
  const fd = open(path, O_RDONLY, 0);
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
