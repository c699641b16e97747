// Peers of long runs start from JavaScript that was made once: to strip its types costs a process more than its work.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import process from "node:process";
import { projectRoot, runtimeNamed, spawnPeer } from "../../tests/support/mod.ts";

/** Inside node_modules, where packages are found; named by content, so that compile caches stay good. */
const folder = `${projectRoot}node_modules/.cache/peers`;
const bundles = new Map<string, string>();

/** One file for every runtime: the script and all that it imports. */
function bundle(script: string): string {
  const build = ["build", "--target=node", script];
  const code = execFileSync(runtimeNamed("bun").command, build, { maxBuffer: 2 ** 26 });
  const hash = createHash("sha256").update(code).digest("hex").slice(0, 16);
  const path = `${folder}/${basename(script, ".ts")}-${hash}.mjs`;
  mkdirSync(folder, { recursive: true });
  if (existsSync(path)) return path;
  writeFileSync(`${path}.${process.pid}`, code);
  renameSync(`${path}.${process.pid}`, path);
  return path;
}

/** As spawnPeer, of a script of this project; a bundle does not stand beside the library. */
export const spawnBundled: typeof spawnPeer = (runtime, script, parameters, options = {}) => {
  const source = script instanceof URL ? script.pathname : script;
  const path = bundles.get(source) ?? bundle(source);
  bundles.set(source, path);
  const environment = {
    LINUX_IPC_LIBRARY: `${projectRoot}native/linux-ipc-${process.arch}.so`,
    ...options.environment,
  };
  return spawnPeer(runtime, path, parameters, { ...options, environment });
};
