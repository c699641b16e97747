// Pages that are not there yet, and what it takes to make them present.

import { pageSize, resident } from "../sys/advice.ts";
import type { Attempt } from "../sys/error.ts";
import { isInMemory } from "../sys/memory.ts";
import { demandMemory, LEAST_BYTES } from "./available.ts";
import type { MappedMemory, Pages } from "./mapped_range.ts";

/** Anonymous memory, and files of tmpfs. What comes from a disk can go back there. */
const isOnlyInMemory = ({ fd = -1 }: MappedMemory): boolean => fd < 0 || isInMemory(fd);

/**
 * Refuses, before the first of these pages is made present, what there is no memory for. Huge pages stand ready in their
 * pool. Pages of a disk's file are dropped again where memory is short, unless they shall be kept.
 *
 * @throws {IpcError} ENOMEM
 */
export function demandAbsent(memory: MappedMemory, pages: Pages, isKept: boolean, attempt: () => Attempt): void {
  const { address, length } = pages;
  if (length < LEAST_BYTES || memory.pageSize > pageSize(-1)) return;
  if (!isKept && !isOnlyInMemory(memory)) return;
  const present = resident(address, length);
  if (present >= 0) demandMemory(length - present, attempt); // where it is not told, everything is tried
}
