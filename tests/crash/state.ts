// The state of a run that went wrong: its shared objects, and where each thread of its processes was.

import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { objectPath } from "../support/mod.ts";
import type { Member } from "./crew.ts";

/** "thread: the system call it is in, with its arguments", as far as this user may know. */
function threadsOf(pid: number): string[] {
  try {
    const folder = `/proc/${pid}/task/`;
    return readdirSync(folder).map((id) => `${id}: ${readFileSync(`${folder}${id}/syscall`, "utf8").trim()}`);
  } catch {
    return []; // it has ended
  }
}

/** Copies all to a new folder, and answers its path. */
export function keepState(objects: readonly string[], members: readonly Member[]): string {
  const folder = mkdtempSync(join(tmpdir(), "linux-ipc-crash-"));
  for (const name of objects)
    if (existsSync(objectPath(name))) copyFileSync(objectPath(name), join(folder, name.slice(1)));
  const rows = members.map(({ peer, kind, place }) => ({ pid: peer.pid, kind, place, threads: threadsOf(peer.pid) }));
  writeFileSync(join(folder, "members.json"), `${JSON.stringify(rows, null, 2)}\n`);
  return folder;
}
