// Limits of the process: descriptors, and memory that is forgotten.

import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import process from "node:process";
import { after, describe, it } from "node:test";
import { AnonymousMemory, FileLock, MappedFile, Mutex, Peer, prefault, SharedMemory } from "../../mod.ts";
import { resident } from "../../src/sys/advice.ts";
import { cleanUp, compileC, ownRuntime, runPeer, spawnPeer, temporaryDirectory, uniqueName } from "../support/mod.ts";

const peer = new URL("./peer.ts", import.meta.url);

/** How each runtime lets a script ask for a garbage collection; Bun needs nothing. */
const parameters = { bun: [], deno: ["--v8-flags=--expose-gc"] }[ownRuntime.name] ?? ["--expose-gc"];

const skip = process.getuid?.() === 0 ? false : "needs root to mount";
const MEBIBYTE = 2 ** 20;
const O_CLOEXEC = 0o2000000;

interface KernelFiles {
  meminfo: string;
  group?: Record<string, string>;
  /** Of the process's group. */
  path?: string;
  /** The group's line in /proc/self/cgroup; that of version 2 unless said. */
  line?: string;
}

/** What the peer is told when it asks for so much, in so many ways, where the kernel's files say what these do. */
async function askWith(files: KernelFiles, ways: number, size = 128 * MEBIBYTE): Promise<string[]> {
  const directory = temporaryDirectory();
  for (const folder of ["group", "tmpfs"]) mkdirSync(`${directory}/${folder}`);
  writeFileSync(`${directory}/meminfo`, files.meminfo);
  writeFileSync(`${directory}/cgroup`, `1:name=systemd:/elsewhere\n${files.line ?? `0::${files.path ?? "/"}`}\n`);
  mkdirSync(`${directory}/group${files.path ?? ""}`, { recursive: true });
  for (const [name, text] of Object.entries(files.group ?? {})) {
    mkdirSync(dirname(`${directory}/group/${name}`), { recursive: true });
    writeFileSync(`${directory}/group/${name}`, text);
  }
  const mounts = ["meminfo /proc/meminfo", "cgroup /proc/$$/cgroup", "group /sys/fs/cgroup"];
  const binds = mounts.map((mount) => `mount --bind ${directory}/${mount}`);
  const script = [...binds, `mount -t tmpfs none ${directory}/tmpfs`, 'exec "$@"'].join(" && ");
  const wrapper = ["unshare", "-m", "sh", "-c", script, "sh"];
  const parameters = ["ways", uniqueName("ways"), size, `${directory}/tmpfs`, ways];
  const { stdout, stderr, signal } = await runPeer(ownRuntime, peer, parameters, { wrapper });
  assert.equal(signal, null, stderr);
  return stdout.trim().split("\n");
}

const ALL_WAYS = 12;

/** What `SharedMemory.anonymous` is told on each machine. All ask at once, each in a mount namespace of its own. */
const askEach = (...machines: KernelFiles[]) =>
  Promise.all(machines.map(async (files) => (await askWith(files, 1))[0]));

const meminfo = (available: number, swap: number) =>
  `MemTotal:  999999 kB\nMemAvailable:  ${available * 1024} kB\nSwapFree:    ${swap * 1024} kB\n`;

/** Refuses a reservation that a profiler's timer could interrupt: tmpfs gave back all that it had reserved, up to Linux 6.10. */
const uninterrupted = `
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <sys/types.h>
int posix_fallocate(int fd, off_t offset, off_t length) {
  sigset_t blocked;
  sigprocmask(SIG_BLOCK, 0, &blocked);
  if (!sigismember(&blocked, SIGPROF) || !sigismember(&blocked, SIGALRM) || !sigismember(&blocked, SIGUSR1)) return EIO;
  return ((int (*)(int, off_t, off_t))dlsym(RTLD_NEXT, "posix_fallocate"))(fd, offset, length);
}`;

describe("memory that is reserved", () => {
  after(cleanUp);

  it("is not interrupted by signals", async () => {
    const environment = { LD_PRELOAD: compileC(uninterrupted, { shared: true }) };
    const end = await spawnPeer(ownRuntime, peer, ["reserves", uniqueName("reserves")], { environment }).ended;
    assert.equal(end.stdout, "reserved\n", end.stderr);
  });
});

describe("memory that is not there", () => {
  after(cleanUp);

  it("is ENOMEM with what there is, and no kill, in all that makes pages present", { skip }, async () => {
    const lines = await askWith({ meminfo: meminfo(70, 50) }, ALL_WAYS);
    const expected = /: ENOMEM, .*13421\d{4} bytes asked, and MemAvailable is 73400320 and SwapFree 52428800,/;
    for (const line of lines.slice(0, -1)) assert.match(line, expected);
    const doing = lines.slice(0, -1).map((line) => /^Cannot (\w+) /.exec(line)?.[1]);
    assert.equal(doing.join(), "create,create,create,map,map,create,create,grow,prefault,prefault,lock");
    assert.equal(lines.length, ALL_WAYS);
    assert.equal(lines.at(-1), "made"); // pages that come at their first use are promised to nobody
  });

  it("is ENOMEM in a small container, too", { skip }, async () => {
    const group = { "memory.max": `${100 * MEBIBYTE}`, "memory.current": `${80 * MEBIBYTE}` };
    const lines = await askWith({ meminfo: meminfo(1000, 0), group }, ALL_WAYS, 24 * MEBIBYTE);
    const expected = /: ENOMEM, .*2516\d{4} bytes asked, and memory.max is 104857600 and memory.current 83886080,/;
    for (const line of lines.slice(0, -1)) assert.match(line, expected);
    assert.equal(lines.length, ALL_WAYS);
  });

  it("counts swap space, and what a control group allows", { skip }, async () => {
    const max = `${200 * MEBIBYTE}`;
    const used = {
      "memory.max": max,
      "memory.current": max,
      "memory.stat": "anon 7\nactive_file 0\ninactive_file 9\n",
    };
    const cached = { ...used, "memory.stat": `anon 7\nactive_file ${150 * MEBIBYTE}\ninactive_file 9\n` };
    const named = { ...used, "memory.stat": `anon 7\nslab_reclaimable ${150 * MEBIBYTE}\nslab_unreclaimable 9\n` };
    const [first, ...others] = await askEach(
      { meminfo: meminfo(1000, 0), group: used },
      { meminfo: meminfo(1000, 0), group: cached },
      { meminfo: meminfo(1000, 0), group: named },
      { meminfo: meminfo(60, 80), group: { "memory.max": "max" } },
    );
    assert.match(first, /ENOMEM, .*134217728 bytes asked, and memory.max is 209715200 and memory.current 209715200,/);
    assert.deepEqual(others, ["made", "made", "made"]);
  });

  it("counts what the groups around it allow, and no swap space that the group may not use", { skip }, async () => {
    const [max, current] = [`${200 * MEBIBYTE}`, `${150 * MEBIBYTE}`];
    const around = { "slice/memory.max": max, "slice/memory.current": current, "slice/leaf/memory.max": "max" };
    const group = { "memory.max": max, "memory.current": current };
    const swapping = (limits: Record<string, string>) => ({
      meminfo: meminfo(1000, 500),
      group: { ...group, ...limits },
    });
    const [inner, unlimited, free, none, used] = await askEach(
      { meminfo: meminfo(1000, 0), group: around, path: "/slice/leaf" },
      swapping({}),
      swapping({ "memory.swap.max": "max" }),
      swapping({ "memory.swap.max": "0", "memory.swap.current": "0" }),
      swapping({ "memory.swap.max": max, "memory.swap.current": current }),
    );
    const refused = /ENOMEM, .*memory.max is 209715200 and memory.current 157286400, in \/sys\/fs\/cgroup\/slice\)/;
    assert.match(inner, refused);
    assert.deepEqual([unlimited, free], ["made", "made"]);
    for (const answer of [none, used]) assert.match(answer, /ENOMEM/);
  });

  it("counts what groups of version 1 allow, and their limit of memory and swap space together", { skip }, async () => {
    const line = "4:cpu,memory:/box";
    const limits = (name: string, max: number, used: number) => ({
      [`memory/box/memory.${name}limit_in_bytes`]: `${max * MEBIBYTE}`,
      [`memory/box/memory.${name}usage_in_bytes`]: `${used * MEBIBYTE}`,
    });
    const ask = (swap: number, group: Record<string, string>) => ({ meminfo: meminfo(1000, swap), group, line });
    const cached = { "memory/box/memory.stat": `active_file 7\ntotal_active_file ${100 * MEBIBYTE}\n` };
    const answers = await askEach(
      ask(0, limits("", 200, 150)),
      ask(500, { ...limits("", 200, 150), ...limits("memsw.", 250, 150) }),
      ask(0, { ...limits("", 200, 150), ...cached }),
      ask(500, limits("", 200, 150)),
      ask(500, { ...limits("", 200, 150), ...limits("memsw.", 300, 150) }),
      ask(500, { ...limits("", 400, 150), ...limits("memsw.", 400, 300) }),
    );
    const refused = /memory.limit_in_bytes is 209715200 and memory.usage_in_bytes 157286400, in .*\/memory\/box\)/;
    for (const answer of answers.slice(0, 2)) assert.match(answer, refused);
    assert.deepEqual(answers.slice(2, 5), ["made", "made", "made"]);
    assert.match(answers[5], /ENOMEM/);
  });

  it("is there for pages that are present already, however little is left", () => {
    const memory = AnonymousMemory.create({ size: 96 * MEBIBYTE });
    assert.equal(resident(memory.address, memory.size), 0);
    prefault(memory, { length: 32 * MEBIBYTE });
    assert.equal(resident(memory.address, memory.size), 32 * MEBIBYTE);
    prefault(memory);
    assert.equal(resident(memory.address, memory.size), memory.size);
    memory.close();
  });

  it("is tried where the kernel does not tell", { skip }, async () => {
    assert.deepEqual(await askEach({ meminfo: "nothing to see\n" }), ["made"]);
  });
});

/** A descriptor's number and what it leads to; nothing of readdir's own, nor of what the runtime closes meanwhile. */
function described(fd: string): string[] {
  try {
    return [`${fd} ${readlinkSync(`/proc/self/fd/${fd}`)}`];
  } catch {
    return [];
  }
}

function flagsOf(described: string): number {
  const text = readFileSync(`/proc/self/fdinfo/${described.split(" ")[0]}`, "utf8");
  return Number.parseInt(/^flags:\s*(\d+)/m.exec(text)?.[1] ?? "", 8);
}

describe("limits", () => {
  after(cleanUp);

  it("a process without a free descriptor gets EMFILE, and goes on", async () => {
    const wrapper = ["sh", "-c", 'ulimit -n 200 && exec "$@"', "sh"];
    const { stdout, stderr } = await runPeer(ownRuntime, peer, ["exhaust", uniqueName("exhaust")], { wrapper });
    assert.match(stdout, /^EMFILE \d+\nworks again\n$/, stderr);
  });

  it("a process without a free descriptor is told so where the kernel's files are asked, and no wrong figures", async () => {
    const wrapper = ["sh", "-c", 'ulimit -n 200 && exec "$@"', "sh"];
    const { stdout, stderr } = await runPeer(ownRuntime, peer, ["asksWithout", ""], { wrapper });
    const [pools, nodes, line, explicit, tried, after] = stdout.split("\n");
    for (const answer of [pools, nodes, line])
      assert.match(answer, /^Cannot read \/sys\/.*: EMFILE, .*ulimit -n/, stderr);
    assert.match(explicit, /: E(NOMEM|INVAL), .* \(how many huge pages there are is not known: .*EMFILE/);
    assert.deepEqual([tried, after], [`${2 ** 21}`, "true true"]);
  });

  it("no descriptor reaches a program that the process starts: it would keep locks, slots and memory alive", async () => {
    const open = () => readdirSync("/proc/self/fd").flatMap(described);
    const before = new Set(open());
    const path = `${temporaryDirectory()}/file`;
    const objects = [
      SharedMemory.create(uniqueName("named"), { size: 1, unlinkOnClose: true }),
      SharedMemory.anonymous({ size: 1 }),
      MappedFile.create(path, { size: 1 }),
      FileLock.open(path),
      Mutex.create(uniqueName("mutex"), { unlinkOnClose: true }),
      Peer.ofPid(process.pid),
    ] as const;
    objects[4].tryLock()?.unlock(); // takes a slot
    await objects[5].died({ timeoutMs: 1 }); // starts what watches descriptors
    const own = open().filter((one) => !before.has(one));
    assert.ok(own.length >= objects.length + 2, own.join()); // and those of the slot and the watch
    for (const one of own) assert.ok(flagsOf(one) & O_CLOEXEC, one);
    for (const object of objects) object.close();
  });

  it("files larger than RLIMIT_FSIZE are EFBIG, not SIGXFSZ, and the process goes on", async () => {
    const wrapper = ["sh", "-c", 'ulimit -f 131072 && exec "$@"', "sh"]; // in units of 512 bytes
    const parameters = ["tooLarge", uniqueName("large"), 64 * MEBIBYTE, `${temporaryDirectory()}/file`];
    const { stdout, stderr, signal } = await runPeer(ownRuntime, peer, parameters, { wrapper });
    assert.deepEqual([signal, stdout], [null, `${"EFBIG\n".repeat(5)}works again\n`], stderr);
  });

  it("memory that is forgotten without close is reported, and only that", async () => {
    const name = uniqueName("forgotten");
    const { stdout, stderr } = await runPeer(ownRuntime, peer, ["forget", name], { parameters });
    const lines = stdout.trim().split("\n").sort();
    const collected = "was garbage collected without close\\(\\): ";
    assert.match(
      lines[0],
      new RegExp(`^LinuxIpcLeakWarning Mutex .*forgotten-lock ${collected}what it holds stays`),
      stderr,
    );
    assert.match(lines[1], new RegExp(`^LinuxIpcLeakWarning Shared memory .*forgotten ${collected}its memory`), stderr);
    assert.equal(lines.length, 2, stdout);
  });
});
