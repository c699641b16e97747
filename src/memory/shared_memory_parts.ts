// What a SharedMemory is made of, and the four ways to get it: create, open, anonymous, from a descriptor.

import type { Attempt } from "../sys/error.ts";
import * as sys from "../sys/memory.ts";
import { checkBoolean, checkDuration, checkInteger, checkOptions } from "../sys/validate.ts";
import { checkSeals, closeGiven, createFile, openFile, orClose } from "./file.ts";
import { checkPageOffset, MAKE_ELSEWHERE, Mapping, sizeOnceSet } from "./mapping.ts";
import { createMemfd } from "./memfd.ts";
import { objectPath } from "./name.ts";
import {
  type CheckedWindow,
  checkAnonymous,
  checkCreation,
  checkWindow,
  type SharedMemoryAnonymousOptions,
  type SharedMemoryCreateOptions,
  type SharedMemoryDescriptorOptions,
  type SharedMemoryOpenOptions,
} from "./shared_memory_options.ts";

/** A descriptor, its mapping, and how they came about. */
export interface Parts {
  fd: number;
  /** Somebody else has opened it. */
  isGiven?: boolean;
  mapping: Mapping;
  name?: string;
  path?: string;
  created: boolean;
  fileOffset: number;
  readOnly: boolean;
  isWindow: boolean;
  unlinkOnClose: boolean;
}

const MADE_HERE = { created: true, fileOffset: 0, readOnly: false, isWindow: false };

/** What lives in named memory, for messages. */
export interface LivingThere {
  readonly noun: string;
  /** Whether whoever may only read it can open it, too, by the option `readOnly`. */
  readonly offersReadOnly?: boolean;
}

/** Nothing but its bytes. */
const BYTES: LivingThere = { noun: "shared memory", offersReadOnly: true };

const IF_TAKEN = "open it, use openOrCreate, or unlink what an earlier run has left";

/** New named memory; `fill` writes the first bytes before anybody can open it. */
export function createParts(
  name: string,
  options: SharedMemoryCreateOptions,
  fill: (buffer: ArrayBuffer) => void,
  { noun }: LivingThere = BYTES,
): Parts {
  const { size, mode, unlinkOnClose } = checkCreation(options, "SharedMemory.create");
  const path = objectPath(name);
  const attempt = () => ({ syscall: "shm_open", doing: `create ${noun} ${name}`, path });
  let mapping: Mapping | undefined;
  try {
    const fd = createFile({ path, size, mode, ifTaken: IF_TAKEN, attempt }, (fd) => {
      const ifTooLarge = MAKE_ELSEWHERE;
      mapping = new Mapping({ fd, offset: 0, length: size, readOnly: false, attempt, ifTooLarge });
      fill(mapping.buffer);
    });
    return { fd, mapping: mapping as unknown as Mapping, name, path, ...MADE_HERE, unlinkOnClose };
  } catch (error) {
    mapping?.close();
    throw error;
  }
}

/** Memory that exists under a name, whole or a window of it. */
export function openParts(name: string, options: SharedMemoryOpenOptions, as: LivingThere = BYTES): Parts {
  checkOptions(options, ["readOnly", "offset", "length", "timeoutMs"], "SharedMemory.open");
  const path = objectPath(name);
  const window = checkWindow(options);
  const timeoutMs = checkDuration(options.timeoutMs === undefined ? 1000 : options.timeoutMs, "timeoutMs");
  const attempt = () => ({ syscall: "shm_open", doing: `open ${as.noun} ${name}`, path });
  const { offersReadOnly = false } = as;
  const fd = openFile({ path, readOnly: window.readOnly, offersReadOnly, attempt });
  return orClose(fd, () => partsOfOpenFile(fd, window, timeoutMs, attempt, { name, path }));
}

/** Memory without a name. */
export function anonymousParts(options: SharedMemoryAnonymousOptions): Parts {
  const request = checkAnonymous(options);
  const attempt = () => ({ syscall: "memfd_create", doing: `create ${request.size} bytes of anonymous shared memory` });
  return { ...createMemfd(request, attempt), ...MADE_HERE, unlinkOnClose: false };
}

/** Memory that somebody else made and whose descriptor we were given: ours from now on, also where it is refused. */
export function descriptorParts(fd: number, options: SharedMemoryDescriptorOptions): Parts {
  checkInteger(fd, "fd", 0, 2 ** 31 - 1);
  const attempt = () => ({ syscall: "mmap", doing: `map the shared memory of descriptor ${fd}` });
  checkOptions(options, ["readOnly", "offset", "length", "allowUnsealed"], "SharedMemory.fromDescriptor");
  const window = checkWindow(options);
  const mayShrink = checkBoolean(options.allowUnsealed ?? false, "allowUnsealed");
  const map = () => {
    if (!mayShrink) checkSeals(fd, attempt);
    return { ...partsOfOpenFile(fd, window, 0, attempt, {}), isGiven: true };
  };
  return orClose(fd, map, closeGiven);
}

/** Behind all else: what is mapped goes by its descriptor until then. */
export function closeDescriptor({ fd, isGiven = false }: Parts): void {
  if (isGiven) closeGiven(fd);
  else sys.close(fd);
}

function partsOfOpenFile(
  fd: number,
  { readOnly, offset, length: asked }: CheckedWindow,
  timeoutMs: number,
  attempt: () => Attempt,
  named: { name?: string; path?: string },
): Parts {
  const size = sizeOnceSet(fd, timeoutMs, attempt);
  const fileOffset = checkInteger(offset, "offset", 0, size - 1);
  checkPageOffset(fd, fileOffset);
  const length = checkInteger(asked ?? size - fileOffset, "length", 1, size - fileOffset);
  const mapping = new Mapping({ fd, offset: fileOffset, length, readOnly, attempt });
  return {
    fd,
    mapping,
    ...named,
    created: false,
    fileOffset,
    readOnly,
    isWindow: length !== size,
    unlinkOnClose: false,
  };
}
