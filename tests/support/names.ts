// Names and places that belong to this test process, and their removal.

import { lstatSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { killPeers } from "./peer.ts";

const prefix = `linux-ipc-test-${process.pid}-`;
const directories: string[] = [];
let count = 0;

/** A name for a shared object that nobody else uses: `/linux-ipc-test-<pid>-<count>-<label>`. */
export function uniqueName(label: string): string {
  count++;
  return `/${prefix}${count}-${label}`;
}

/** The file of a shared object. */
export function objectPath(name: string): string {
  return `/dev/shm/${name.replace(/^\//, "")}`;
}

export function objectExists(name: string): boolean {
  return lstatSync(objectPath(name), { throwIfNoEntry: false }) !== undefined;
}

/** Shared objects of this process, and of nobody else, as names with a slash. */
export function ownObjects(): string[] {
  const names = readdirSync("/dev/shm").filter((name) => name.startsWith(prefix));
  return names.map((name) => `/${name}`);
}

/** A directory that `cleanUp` removes. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), prefix));
  directories.push(directory);
  return directory;
}

/** Ends all peers and removes what this process's tests have made. For `after(cleanUp)` in every test file. */
export function cleanUp(): void {
  killPeers();
  for (const name of ownObjects()) rmSync(objectPath(name), { force: true });
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
}

process.on("exit", cleanUp);
