// Mapped files between processes: every runtime sees the same bytes, and kill -9 takes none of them.

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { after, describe, it } from "node:test";
import { MappedFile } from "../../mod.ts";
import {
  cleanUp,
  compileC,
  mainRuntimes,
  ownRuntime,
  runPeer,
  sleep,
  spawnPeer,
  temporaryDirectory,
} from "../support/mod.ts";

const peer = new URL("./mapped_file_peer.ts", import.meta.url);
const directory = temporaryDirectory();
const writerInC = `
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
int main(int count, char **parameters) {
  int fd = open(parameters[1], O_RDWR);
  unsigned char *bytes = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  printf("%d\\n", bytes[0]);
  bytes[1] = 77;
  return count == 2 ? 0 : 1;
}`;

describe("a mapped file between processes", () => {
  for (const runtime of mainRuntimes) {
    it(`is the same bytes under ${runtime.name}, without any sync`, async () => {
      const file = MappedFile.create(join(directory, `exchange-${runtime.name}`), { size: 10_000 });
      file.bytes[0] = 41;
      const other = spawnPeer(runtime, peer, ["exchange", file.path]);
      assert.equal(await other.line(), "41");
      await other.lineOf("written");
      assert.equal(file.bytes[1], 2);
      file.bytes[2] = 43;
      other.write("look");
      assert.equal(await other.line(), "43");
      assert.equal((await other.ended).code, 0);
      file.close();
    });
  }

  it("is the same bytes in C", () => {
    const file = MappedFile.create(join(directory, "c"), { size: 4096 });
    file.bytes[0] = 12;
    const output = execFileSync(compileC(writerInC), [file.path], { encoding: "utf8" });
    assert.deepEqual([output, file.bytes[1]], ["12\n", 77]);
    file.close();
  });

  it("keeps what a killed writer wrote: the next one, of any runtime, goes on from there", async () => {
    const path = join(directory, "counter");
    let least = 0;
    for (const runtime of mainRuntimes) {
      const writer = spawnPeer(runtime, peer, ["count", path, 100_000]);
      const start = Number(await writer.line());
      assert.ok(start >= least, `${runtime.name} found ${start}, at least ${least} was written`);
      await writer.lineOf("counting");
      await sleep(20);
      writer.kill("SIGKILL");
      assert.equal((await writer.ended).signal, "SIGKILL");
      const words = new Int32Array(readFileSync(path).buffer.slice(0, 4));
      least = start + 1000;
      assert.ok(words[0] >= least, `${words[0]} is in the file, at least ${least} was written`);
      least = words[0];
    }
    const file = MappedFile.openOrCreate(path, { size: 100_000 });
    const words = new Int32Array(file.buffer);
    assert.equal(words[0], least);
    assert.ok(words[0] - words[words.length - 1] <= 1);
    file.close();
  });

  it("is made by exactly one of several that open or create it at once, and none sees half of it", async () => {
    const path = join(directory, "race");
    const racers = mainRuntimes.map((runtime) => spawnPeer(runtime, peer, ["openOrCreate", path, 1 << 20]));
    await Promise.all(racers.map((racer) => racer.lineOf("ready")));
    const start = Date.now() + 100;
    for (const racer of racers) racer.write(String(start));
    const found = await Promise.all(racers.map((racer) => racer.line()));
    assert.deepEqual(found.sort(), [...Array(3).fill("false 1048576 true"), "true 1048576 true"]);
    await Promise.all(racers.map((racer) => racer.ended));
  });

  it("is whole or missing when its creator is killed at any moment", async () => {
    const folder = temporaryDirectory();
    const path = join(folder, "created");
    for (let round = 0; round < 4; round++) {
      const creator = spawnPeer(ownRuntime, peer, ["createLoop", path, 300_000]);
      await creator.lineOf("started");
      await sleep(round * 9);
      creator.kill("SIGKILL");
      await creator.ended;
      const names = readdirSync(folder);
      assert.ok(names.length === 0 || names.join() === "created", names.join());
      if (names.length > 0) {
        assert.equal(statSync(path).size, 300_000);
        execFileSync("rm", [path]);
      }
    }
  });
});

/** Runs the peer where the directory is a file system of its own, of so many MiB. */
const mounted = (size: number) => {
  const mount = `mount -t tmpfs -o size=${size}m tmpfs "$0" && exec "$@"`;
  return ["unshare", "-m", "sh", "-c", mount, directory];
};
const [small, large] = [1, 8].map(mounted);

/** Runs the peer where the directory is a disk of 64 MiB, which keeps what it got before it was full. */
const makeDisk = 'truncate -s 64M "$0" && mkfs.ext4 -q -F "$0" && mount -o loop "$0" "$1" && shift && exec "$@"';
const disk = ["unshare", "-m", "sh", "-c", makeDisk, join(directory, "disk.img"), temporaryDirectory()];
const noDisk = spawnSync(disk[0], [...disk.slice(1), "true"]).status === 0 ? false : "no disk can be mounted here";
const skip = process.getuid?.() === 0 ? false : "needs root to mount a file system";

/** Preloaded, it says on stderr what is synced: runtimes sync files of their own, too. */
const tellingFsync = `
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>
int fsync(int fd) {
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path);
  if (length > 0) dprintf(2, "%.*s\\n", (int)length, path);
  return syscall(SYS_fsync, fd);
}`;

describe("the name of a mapped file", () => {
  /** What two syncs of a file that existed answer, and one of a file that the peer makes; and how often the folder was. */
  async function syncNames(folder: string, ...wrapper: string[]): Promise<[string, number]> {
    const telling = `LD_PRELOAD=${compileC(tellingFsync, { shared: true })}`;
    const end = await runPeer(ownRuntime, peer, ["syncNames", folder], { wrapper: [...wrapper, "env", telling] });
    return [end.stdout, end.stderr.split("\n").filter((line) => line === folder).length];
  }

  function folderWith(name: string): string {
    const folder = temporaryDirectory();
    MappedFile.create(join(folder, name), { size: 1 }).close();
    return folder;
  }

  it("becomes durable with the first sync, whoever has made the file", async () => {
    const expected = ["undefined\nundefined\nundefined\n", 2];
    assert.deepEqual(await syncNames(folderWith("old")), expected);
  });

  it("is its creator's concern where the directory may not be read", async () => {
    const folder = folderWith("old");
    chmodSync(folder, 0o300);
    const isRoot = process.getuid?.() === 0;
    const mortal = isRoot ? ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"] : [];
    assert.deepEqual(await syncNames(folder, ...mortal), ["undefined\nundefined\nEACCES\n", 0]);
    chmodSync(folder, 0o700);
  });
});

describe("a mapped file on a disk that is full", () => {
  const folder = disk[disk.length - 1];

  it("is ENOSPC without an effect, with true figures; a name that is taken is EEXIST", { skip: noDisk }, async () => {
    const end = await runPeer(ownRuntime, peer, ["fullDisk", folder], { wrapper: disk });
    const refused = "ENOSPC 0,0,0\n";
    const expected = `${refused.repeat(3)}EEXIST 0,0,0\ntrue true\n${refused.repeat(3)}8192\n`;
    assert.equal(end.stdout, expected, end.stderr);
  });

  it("takes what somebody has reserved behind its end, and leaves it there otherwise", { skip: noDisk }, async () => {
    const end = await runPeer(ownRuntime, peer, ["reservedBehind", folder], { wrapper: disk });
    assert.equal(end.stdout, "ENOSPC 0,0,0\nundefined true true\n", end.stderr);
  });

  it("keeps every byte of who makes it longer while others fail to", { skip: noDisk }, async () => {
    const path = join(folder, "both");
    const greedy = spawnPeer(ownRuntime, peer, ["growTooFar", path], { wrapper: disk });
    await greedy.lineOf("growing");
    const wrapper = ["nsenter", "-m", "-t", String(greedy.child.pid)];
    const end = await runPeer(ownRuntime, peer, ["growBeside", path, 300], { wrapper });
    assert.equal(end.stdout, "300 true 0\n", end.stderr);
    greedy.write("end");
    assert.equal((await greedy.ended).stdout, "growing\nENOSPC\n");
  });
});

describe("a mapped file that loses its ground", () => {
  after(cleanUp); // here, in the last group: all of them use one directory

  it("cut by somebody: zeros, a count and EIO from sync; grow mends it; the process lives", async () => {
    const path = join(directory, "cut");
    writeFileSync(path, new Uint8Array(20_000).fill(7));
    const end = await runPeer(ownRuntime, peer, ["cut", path]);
    assert.equal(end.signal, null, `ended by ${end.signal}`);
    assert.equal(end.stdout, "0 0 2\n9 EIO undefined\n0 0 undefined\nalive\n", end.stderr);
    assert.equal(statSync(path).size, 20_000);
  });

  it("beyond what may be locked: ENOMEM, and file and mapping stay as they were, locked", async () => {
    const path = join(directory, "locked");
    const limit = ["sh", "-c", 'ulimit -l 1024 && exec "$@"', "sh"];
    const mortal = process.getuid?.() === 0 ? ["setpriv", "--bounding-set", "-ipc_lock"] : [];
    const wrapper = [...limit, ...mortal]; // 256 pages
    const end = await runPeer(ownRuntime, peer, ["growLocked", path, 200, 300, 250], { wrapper });
    assert.equal(end.stdout, "undefined 200 0 5 200\nENOMEM 200 0 5 200\nundefined 250 0 5 250\n", end.stderr);
  });

  it("cut while it was locked: a grow that fails says why, and leaves it locked", { skip }, async () => {
    const end = await runPeer(ownRuntime, peer, ["growCut", join(directory, "cut"), 2 ** 26], { wrapper: large });
    assert.equal(end.stdout, "1024 ENOSPC 1048576 1024\n", end.stderr);
  });

  it("on a full disk: ENOSPC when it is made or grown, lost pages where it is sparse; the process lives", {
    skip,
  }, async () => {
    const end = await runPeer(ownRuntime, peer, ["full", directory], { wrapper: small });
    assert.equal(end.signal, null, `ended by ${end.signal}`);
    const lines = end.stdout.split("\n");
    assert.deepEqual(lines.slice(0, 4), ["ENOSPC true", "ENOSPC 4096 true", "undefined 0", "true EIO"], end.stderr);
    assert.match(lines[4], /EIO, .*\d+ pages are lost: the disk was full as they were written, or /);
  });
});
