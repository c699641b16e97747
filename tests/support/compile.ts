// Small C programs for tests, compiled by zig cc and kept in the temporary directory.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { installed } from "./runtimes.ts";

export interface CompileOptions {
  /** A library in place of a program. */
  shared?: boolean;
  /** More parameters of the compiler: `-lpthread`. */
  parameters?: readonly string[];
}

const cache = join(tmpdir(), `linux-ipc-test-cache-${userInfo().uid}`);

function zig(parameters: readonly string[]): void {
  const folder = join(cache, "zig");
  const env = { ...process.env, ZIG_GLOBAL_CACHE_DIR: folder, ZIG_LOCAL_CACHE_DIR: folder };
  const command = installed(`@zigc/linux-${process.arch}/bin/zig`);
  execFileSync(command, ["cc", ...parameters], { env, stdio: ["ignore", "ignore", "pipe"] });
}

/** The path of the program that `source` (C11) makes. The same source is compiled once on this machine. */
export function compileC(source: string, options: CompileOptions = {}): string {
  const { shared = false, parameters = [] } = options;
  const all = ["-std=gnu11", "-O2", "-Wall", "-Werror", ...(shared ? ["-shared", "-fPIC"] : []), ...parameters];
  const hash = createHash("sha256")
    .update(JSON.stringify([all, source, process.arch]))
    .digest("hex")
    .slice(0, 32);
  const path = join(cache, shared ? `${hash}.so` : hash);
  if (existsSync(path)) return path;
  mkdirSync(cache, { recursive: true, mode: 0o700 });
  const [code, result] = [`${path}.${process.pid}.c`, `${path}.${process.pid}.new`];
  writeFileSync(code, source);
  zig([...all, code, "-o", result]);
  renameSync(code, `${path}.c`);
  renameSync(result, path); // two tests that compile at once leave one whole program
  return path;
}
