// Where the shim is: beside the module, or an embedded copy for single binaries and bundles.

import {
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join, resolve } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { embedded, hash } from "../../native/embedded.ts";
import { isGranted } from "./deno.ts";
import { moduleUrl } from "./module.ts";

/**
 * Why the library cannot work here, in the words of an error message; undefined where it can. Of an engine's age it asks
 * what is missing: npm only warns about `engines`, and all would go well until the first close.
 */
export function unsupported(): string | undefined {
  if (process.platform !== "linux") return `it needs Linux, and this is ${process.platform}`;
  if (process.arch !== "x64" && process.arch !== "arm64") return `there is no build for ${process.arch} processors`;
  if (typeof ArrayBuffer.prototype.transfer !== "function") {
    return "it needs Node 22.18, Bun 1.4, Deno 2.9 or newer, which have ArrayBuffer.prototype.transfer, to close memory";
  }
  return undefined;
}

/** Where nobody may look, it is taken to be there: loading it needs no permission to read. */
function besideTheModule(): string | undefined {
  if (!moduleUrl?.startsWith("file:")) return undefined;
  const path = fileURLToPath(new URL(`../../native/linux-ipc-${process.arch}.so`, moduleUrl));
  return !isGranted({ name: "read", path }) || existsSync(path) ? path : undefined;
}

/** A variable of the environment; an empty one says nothing, and one that nobody may read neither. */
function variableOf(variable: string): string | undefined {
  return isGranted({ name: "env", variable }) ? process.env[variable] || undefined : undefined;
}

/** The process's own directory, which may have been removed. */
function ownDirectory(): string | undefined {
  try {
    return resolve(".");
  } catch {
    return undefined;
  }
}

/** Directories that may hold a private file which the loader may map executable (a container's /tmp may be noexec). */
function temporaryDirectories(): string[] {
  const [temporary] = ["TMPDIR", "TMP", "TEMP"].map(variableOf).filter((path) => path !== undefined);
  const home = variableOf("HOME");
  const cache = variableOf("XDG_CACHE_HOME") ?? (home && join(home, ".cache"));
  const all = [temporary ?? "/tmp", variableOf("XDG_RUNTIME_DIR"), cache, "/dev/shm", ownDirectory()];
  return all.filter((path) => path !== undefined);
}

/** Also of another environment's copy, and of no other version's. */
const copyName = () => `linux-ipc-${process.arch}-${hash}.so`;

/** As /proc tells the name of our copy, which is removed as soon as it is loaded. */
const removedCopy = () => new RegExp(`/.*/${copyName()}(?= \\(deleted\\)$)`, "m");

/** What this process has mapped; empty where nobody may look (in Deno, without all permissions), or without /proc. */
function mapsOfProcess(): string {
  try {
    const path = "/proc/self/maps";
    return isGranted({ name: "read", path }) ? readFileSync(path, "utf8") : "";
  } catch {
    return "";
  }
}

/** Whether the loader is glibc's, also before 2.34. */
const isGlibc = (maps: string) => /\/libc(\.so\.6|-2\.\d+\.so)$/m.test(maps);

/**
 * Under what name the loader knows the image that another environment of this process has loaded, a Worker or who started
 * it. glibc knows it by the path, where there is no file any more. musl opens that, and by now it may be somebody else's;
 * it knows the image by the file, of which `keepOpen` has left a descriptor.
 */
function loadedCopy(): string | undefined {
  const maps = mapsOfProcess();
  const mapped = removedCopy().exec(maps)?.[0];
  return mapped === undefined || isGlibc(maps) ? mapped : descriptorOfCopy();
}

function descriptorOfCopy(): string | undefined {
  const removed = removedCopy();
  const paths = readdirSync("/proc/self/fd").map((descriptor) => `/proc/self/fd/${descriptor}`);
  return paths.find((path) => {
    try {
      return removed.test(readlinkSync(path));
    } catch {
      return false; // by which the directory was read
    }
  });
}

/** For `loadedCopy`, as long as this process lives. In Node a Worker's goes with it: then the next one has an image. */
function keepOpen(path: string): void {
  const maps = mapsOfProcess();
  if (maps !== "" && !isGlibc(maps)) openSync(path, "r");
}

/** One library for all environments of a process, since it has the process's threads. */
function fromLoadedCopy<T>(load: (path: string) => T): T | undefined {
  try {
    const path = loadedCopy();
    return path === undefined ? undefined : load(path);
  } catch {
    return undefined; // it cannot be had that way
  }
}

/** By which /proc/self/maps calls it, also where TMPDIR leads through a link: so others find what was loaded from here. */
const realPath = (path: string) => (isGranted({ name: "read", path }) ? realpathSync(path) : path);

/** Writes the embedded copy into `parent`, where `load` can use it, and removes it again: a loaded image needs no file. */
function fromCopyIn<T>(parent: string, copy: string, load: (path: string) => T): T {
  const directory = mkdtempSync(join(parent, "linux-ipc-"));
  try {
    const path = join(realPath(directory), copyName());
    writeFileSync(path, Buffer.from(copy, "base64"), { mode: 0o700 });
    keepOpen(path);
    return load(path);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The first line of a failure, without our own beginning. */
const reasonOf = (failure: unknown) =>
  (failure as Error).message.split("\n", 1)[0]?.replace(/^Cannot load linux-ipc.*?: /, "");

/** What to tell where no directory has served. The first failure counts: the other places are makeshifts. */
function withoutPlace(cause: unknown): Error {
  const what = "from its embedded copy, which needs a directory that may be written, and hold programs";
  const hint = "TMPDIR may name one, and LINUX_IPC_LIBRARY a copy that lies anywhere";
  return new Error(`Cannot load linux-ipc ${what}: ${reasonOf(cause)} (${hint})`, { cause });
}

function fromEmbeddedCopy<T>(load: (path: string) => T): T {
  const copy = embedded[process.arch];
  if (copy === undefined) throw new Error("Cannot load linux-ipc: no library beside the module and none embedded");
  const loaded = fromLoadedCopy(load);
  if (loaded !== undefined) return loaded;
  const failures: unknown[] = [];
  for (const parent of temporaryDirectories()) {
    try {
      return fromCopyIn(parent, copy, load);
    } catch (error) {
      failures.push(error);
    }
  }
  throw withoutPlace(failures[0]);
}

/** What may not be loaded from beside the module may not be loaded from elsewhere. */
function isForbidden(failure: unknown, path: string): boolean {
  const { cause } = failure as { cause?: { code?: unknown } };
  return cause?.code === "ERR_DLOPEN_DISABLED" || !isGranted({ name: "ffi", path });
}

/**
 * What is there can be another version's: a bundle is older than the package that it was made of, and lies where others'
 * libraries may lie, too. And in Deno what nobody may look for can be missing.
 */
function fromBesideTheModule<T>(path: string, load: (path: string) => T): T {
  try {
    return load(path);
  } catch (failure) {
    if (isForbidden(failure, path)) throw failure;
    try {
      return fromEmbeddedCopy(load);
    } catch (cause) {
      const [beside, copy] = [failure, cause].map(reasonOf);
      throw new Error(`Cannot load linux-ipc: ${beside}; and from the embedded copy: ${copy}`, { cause });
    }
  }
}

/** Loads the shim through `load`: from LINUX_IPC_LIBRARY, from beside the module, or from the embedded copy. */
export function withLibrary<T>(load: (path: string) => T): T {
  const named = variableOf("LINUX_IPC_LIBRARY");
  if (named !== undefined) return load(named);
  const path = besideTheModule();
  return path === undefined ? fromEmbeddedCopy(load) : fromBesideTheModule(path, load);
}
