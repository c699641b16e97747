// Where the shim is: beside the module, or an embedded copy for single binaries and bundles.

import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { embedded } from "../../native/embedded.ts";
import { isGranted } from "./deno.ts";

/** Why the library cannot work here, in the words of an error message; undefined where it can. */
export function unsupported(): string | undefined {
  if (process.platform !== "linux") return `it needs Linux, and this is ${process.platform}`;
  if (process.arch !== "x64" && process.arch !== "arm64") return `there is no build for ${process.arch} processors`;
  return undefined;
}

/** Where nobody may look, it is there: loading it needs no permission to read. */
function besideTheModule(): string | undefined {
  if (!import.meta.url.startsWith("file:")) return undefined;
  const path = fileURLToPath(new URL(`../../native/linux-ipc-${process.arch}.so`, import.meta.url));
  return !isGranted({ name: "read", path }) || existsSync(path) ? path : undefined;
}

/** A variable of the environment; an empty one says nothing, and one that nobody may read neither. */
function variableOf(variable: string): string | undefined {
  return isGranted({ name: "env", variable }) ? process.env[variable] || undefined : undefined;
}

/** Directories that may hold a private file which the loader may map executable (a container's /tmp may be noexec). */
function temporaryDirectories(): string[] {
  const [temporary] = ["TMPDIR", "TMP", "TEMP"].map(variableOf).filter((path) => path !== undefined);
  const home = variableOf("HOME");
  const cache = variableOf("XDG_CACHE_HOME") ?? (home && join(home, ".cache"));
  const all = [temporary ?? "/tmp", variableOf("XDG_RUNTIME_DIR"), cache, "/dev/shm", resolve(".")];
  return all.filter((path) => path !== undefined);
}

/** Writes the embedded copy where `load` can use it, and removes it again: a loaded image needs no file. */
function fromEmbeddedCopy<T>(load: (path: string) => T): T {
  const copy = embedded[process.arch];
  if (copy === undefined) throw new Error("Cannot load linux-ipc: no library beside the module and none embedded");
  let failure: unknown;
  for (const parent of temporaryDirectories()) {
    let directory: string | undefined;
    try {
      directory = mkdtempSync(join(parent, "linux-ipc-"));
      const path = join(directory, `linux-ipc-${process.arch}.so`);
      writeFileSync(path, Buffer.from(copy, "base64"), { mode: 0o700 });
      return load(path);
    } catch (error) {
      failure = error;
    } finally {
      if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
    }
  }
  throw failure;
}

/** Loads the shim through `load`: from LINUX_IPC_LIBRARY, from beside the module, or from the embedded copy. */
export function withLibrary<T>(load: (path: string) => T): T {
  const path = variableOf("LINUX_IPC_LIBRARY") ?? besideTheModule();
  return path === undefined ? fromEmbeddedCopy(load) : load(path);
}
