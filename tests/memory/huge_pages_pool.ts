// The machine's pools of huge pages and its settings, changed for one test at a time and put back after it.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { close, lockByte, O_CREAT, O_RDWR, open } from "../../src/sys/memory.ts";

const SETTINGS = "/sys/kernel/mm";
export const MEGABYTES_2 = `${SETTINGS}/hugepages/hugepages-2048kB/nr_hugepages`;
export const GIGABYTE_1 = `${SETTINGS}/hugepages/hugepages-1048576kB/nr_hugepages`;
export const SHARED_TRANSPARENT = `${SETTINGS}/transparent_hugepage/shmem_enabled`;
export const PRIVATE_TRANSPARENT = `${SETTINGS}/transparent_hugepage/enabled`;

/** What has to be put back if this process ends in the middle. */
const undo = new Map<string, string>();
const putBack = (): void => {
  for (const [path, value] of undo) writeFileSync(path, value);
  undo.clear();
};
process.on("exit", putBack);

/** The value of a setting; of `always [madvise] never` the chosen word. */
export function settingOf(path: string): string {
  const text = readFileSync(path, "utf8").trim();
  return /\[(\w+)\]/.exec(text)?.[1] ?? text;
}

type Settings = Readonly<Record<string, string | number>>;

/** Sets them, one test process at a time; the answer puts them back. */
function change(settings: Settings): () => void {
  const fd = open(join(tmpdir(), "linux-ipc-test-settings.lock"), O_RDWR | O_CREAT, 0o600);
  lockByte(fd, 0, { wait: true }); // the kernel drops it with the process
  for (const [path, value] of Object.entries(settings)) {
    undo.set(path, settingOf(path));
    writeFileSync(path, String(value));
  }
  return () => {
    putBack();
    close(fd);
  };
}

/** Runs the action while these settings have these values, which the kernel may not have granted in full. */
export function withSettings<T>(settings: Settings, action: () => T): T {
  const finish = change(settings);
  try {
    return action();
  } finally {
    finish();
  }
}

/** As withSettings, for an action that others take part in. */
export async function whileSettings<T>(settings: Settings, action: () => Promise<T>): Promise<T> {
  const finish = change(settings);
  try {
    return await action();
  } finally {
    finish();
  }
}

/** Whether the pool can be given these pages here and now. */
export function canReserve(path: string, pages: number): boolean {
  if (!existsSync(path) || process.getuid?.() !== 0) return false;
  try {
    return withSettings({ [path]: pages }, () => Number(settingOf(path)) >= pages);
  } catch {
    return false; // a container without the right to
  }
}

/** Whether the setting can be changed here. */
export function canSet(path: string): boolean {
  try {
    return withSettings({ [path]: settingOf(path) }, () => true);
  } catch {
    return false;
  }
}

/** Fields of /proc/self/smaps for the mapping that holds `address`, in kB: the kernel may have joined it to a neighbour. */
export function mappingFields(address: number): Record<string, number> {
  const holds = (line: string) => {
    const [, start, end] = /^([0-9a-f]+)-([0-9a-f]+) /.exec(line) ?? [];
    return start !== undefined && address >= Number.parseInt(start, 16) && address < Number.parseInt(end, 16);
  };
  const lines = readFileSync("/proc/self/smaps", "utf8").split("\n");
  const first = lines.findIndex(holds);
  const fields: Record<string, number> = {};
  for (const line of lines.slice(first + 1)) {
    const [, name, value] = /^(\w+): +(\d+) kB$/.exec(line) ?? [];
    if (name !== undefined) fields[name] = Number(value);
    else if (/^[0-9a-f]+-/.test(line)) break;
  }
  return fields;
}
