// Refusals: what is somebody else's says so, whose it is, and what would help; so does a name that is taken.

import assert from "node:assert/strict";
import { chmodSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { after, describe, it } from "node:test";
import {
  AnonymousMemory,
  Futex,
  LatestValue,
  MappedFile,
  Mutex,
  SharedMap,
  SharedMemory,
  SpscRing,
} from "../../mod.ts";
import { errno } from "../../src/sys/errno.ts";
import {
  cleanUp,
  objectExists,
  ownRuntime,
  refusing,
  runPeer,
  temporaryDirectory,
  uniqueName,
} from "../support/mod.ts";

const peer = new URL("./refusal_peer.ts", import.meta.url);
const skip = process.getuid?.() === 0 ? false : "needs root to become somebody else";
const nobody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--bounding-set", "-all"];
const isProtected = skip === false && Number(readFileSync("/proc/sys/fs/protected_regular", "utf8")) > 0;
const unprotected = isProtected ? false : "this system protects no files in sticky directories (fs.protected_regular)";

/** What somebody without rights is told. */
const told = (...requests: [way: string, name: string][]) => toldBehind(nobody, ...requests);

async function toldBehind(wrapper: readonly string[], ...requests: [way: string, name: string][]): Promise<string[]> {
  const parameters = requests.map(([way, name]) => `${way}=${name}`);
  const end = await runPeer(ownRuntime, peer, parameters, { wrapper });
  assert.equal(end.code, 0, end.stderr);
  return end.stdout.trimEnd().split("\n");
}

function file(mode: number): string {
  const directory = temporaryDirectory();
  chmodSync(directory, 0o755);
  const path = join(directory, "file");
  writeFileSync(path, new Uint8Array(4096));
  chmodSync(path, mode);
  return path;
}

const WHOSE =
  /EACCES, permission denied \(it belongs to user 0 and has mode 0600; its creator can give another mode\)$/;
const WHOSE_ONCE_OPEN =
  /EACCES, permission denied \(its file must be opened once more; it belongs to user 0 and has mode 0600;/;
const READ_ONLY = "EACCES, permission denied (you may only read it: open it with { readOnly: true })";

describe("what is somebody else's", { skip }, () => {
  after(cleanUp);

  it("says whose it is, and its mode", async () => {
    const names = ["memory", "ring", "latest", "map", "mutex", "futex"].map(uniqueName);
    const [memory, ring, latest, map, mutex, futex] = names;
    SharedMemory.create(memory, { size: 4096 }).close();
    SpscRing.create(ring, { capacity: 4096 }).close();
    LatestValue.create(latest, { size: 8 }).close();
    SharedMap.create(map, { capacity: 8, valueSize: 8 }).close();
    Mutex.create(mutex).close();
    Futex.create(futex).close();
    const messages = await told(
      ["memory", memory],
      ["memoryToRead", memory],
      ["ring", ring],
      ["latest", latest],
      ["map", map],
      ["mutex", mutex],
      ["futex", futex],
      ["file", file(0o600)],
      ["lock", file(0o600)],
      ["lockToMake", file(0o600)],
    );
    assert.equal(messages.length, 10);
    for (const message of messages) assert.match(message, WHOSE);
    assert.match(messages[2], new RegExp(`^Cannot open SPSC ring ${ring}: EACCES`));
  });

  it("says no more where the object cannot be opened to read", async () => {
    const futex = uniqueName("futex");
    Futex.create(futex, { mode: 0o644 }).close();
    const messages = await told(["futex", futex], ["futexToMake", futex]);
    assert.match(messages[0], /\(it belongs to user 0 and has mode 0644; its creator can give another mode\)$/);
    assert.equal(messages[1], messages[0]);
  });

  it("and may be read says so, where it can be opened for that", async () => {
    const [memory, latest, map, ring] = ["memory", "latest", "map", "ring"].map(uniqueName);
    const mode = 0o644;
    SharedMemory.create(memory, { size: 4096, mode }).close();
    LatestValue.create(latest, { size: 8, mode }).close();
    SharedMap.create(map, { capacity: 8, valueSize: 8, mode }).close();
    SpscRing.create(ring, { capacity: 4096, mode }).close();
    const path = file(mode);
    const messages = await told(
      ["memory", memory],
      ["latest", latest],
      ["map", map],
      ["file", path],
      ["lock", path],
      ["ring", ring],
      ["memoryToRead", memory],
    );
    assert.deepEqual(messages, [
      `Cannot open shared memory ${memory}: ${READ_ONLY}`,
      `Cannot open latest value ${latest}: ${READ_ONLY}`,
      `Cannot open map ${map}: ${READ_ONLY}`,
      `Cannot open mapped file ${path}: ${READ_ONLY}`,
      `Cannot open ${path} for locking: ${READ_ONLY}`,
      messages[5],
      "no error",
    ]);
    assert.match(messages[5], /\(it belongs to user 0 and has mode 0644; its creator can give another mode\)$/);
  });

  const notDeno = ownRuntime.name !== "deno" && "only Deno has such permissions";
  it("is told with no permission of Deno but --allow-ffi", { skip: notDeno }, async () => {
    const [mine, readable] = ["mine", "readable"].map(uniqueName);
    SharedMemory.create(mine, { size: 4096 }).close();
    SharedMemory.create(readable, { size: 4096, mode: 0o644 }).close();
    const runtime = { ...ownRuntime, parameters: ["run", "--no-prompt", "--no-check", "--allow-ffi"] };
    const end = await runPeer(runtime, peer, [`memory=${mine}`, `memory=${readable}`], { wrapper: nobody });
    const messages = end.stdout.trimEnd().split("\n");
    assert.match(messages[0], WHOSE, end.stderr);
    assert.equal(messages[1], `Cannot open shared memory ${readable}: ${READ_ONLY}`);
  });

  it("is looked at without a descriptor, whose close would drop record locks of this process", async () => {
    const [there, message] = await told(["lockTwice", file(0o644)]);
    assert.equal(there, "the lock is there");
    assert.match(message, /readOnly: true/);
  });

  it("and was opened with rights that are given up says so where a lock of its own is needed", async () => {
    const name = uniqueName("rights");
    SharedMemory.create(name, { size: 32768 }).close();
    for (const way of ["joinWithoutRights", "ringWithoutRights"]) {
      const [message] = await toldBehind([], [way, name]);
      assert.match(message, WHOSE_ONCE_OPEN);
    }
  });

  it("in a sticky directory can be opened, but not by a call that would create it", { skip: unprotected }, async () => {
    const path = join("/tmp", `${uniqueName("sticky").slice(1)}`);
    writeFileSync(path, "");
    chmodSync(path, 0o666);
    const [message] = await told(["lockToMake", path]);
    rmSync(path);
    assert.match(message, /EACCES, permission denied \(it is there, .* open it without \{ create: true \}\)$/);
  });

  it("stands in the way of removing its name: only its owner may", async () => {
    const name = uniqueName("kept");
    SharedMemory.create(name, { size: 4096, mode: 0o666 }).close();
    const [message] = await told(["unlink", name]);
    const reason = "EPERM, operation not permitted (only its owner may remove it, user 0)";
    assert.equal(message, `Cannot unlink shared memory ${name}: ${reason}`);
  });

  it("keeps its name where somebody closes it who may not remove that, and close says nothing", async () => {
    const [memory, mutex] = ["left", "left-mutex"].map(uniqueName);
    SharedMemory.create(memory, { size: 4096, mode: 0o666 }).close();
    Mutex.create(mutex, { mode: 0o666 }).close();
    const messages = await told(["memoryToLeave", memory], ["mutexToLeave", mutex]);
    assert.deepEqual(messages, ["no error", "no error"]);
    for (const name of [memory, mutex]) assert.ok(objectExists(name), name);
    SharedMemory.openOrCreate(memory, { size: 1, unlinkOnClose: true }).close();
    Mutex.openOrCreate(mutex, { unlinkOnClose: true }).close();
    for (const name of [memory, mutex]) assert.ok(!objectExists(name), name);
  });
});

describe("a file of one's own that may not be written", () => {
  after(cleanUp);

  it("may be opened to read", { skip }, async () => {
    const directory = temporaryDirectory();
    chmodSync(directory, 0o777);
    const path = join(directory, "own");
    const script = `: > ${path} && chmod 444 ${path} && exec "$@"`;
    const wrapper = [...nobody, "sh", "-c", script, "sh"];
    const end = await runPeer(ownRuntime, peer, [`lock=${path}`], { wrapper });
    assert.match(end.stdout, /\(you may only read it: open it with \{ readOnly: true \}\)/, end.stderr);
  });
});

/** A machine, as a container's can be, where this is missing. */
const without = (script: string): string[] => ["unshare", "-m", "sh", "-c", `${script} && exec "$@"`, "sh"];

describe("what cannot be made", () => {
  after(cleanUp);

  it("because the file system has no hard links says so, and that an empty file can be given a size", async () => {
    const directory = temporaryDirectory();
    const empty = join(directory, "empty");
    writeFileSync(empty, "");
    for (const [call, missing] of [
      ["linkat", /EPERM, .*has no hard links.* refuses linkat\(2\); openOrCreate gives a size to an empty file/],
      ["fchmod", /EPERM, .*has no permission bits.* refuses fchmod\(2\); openOrCreate gives a size to an empty file/],
    ] as const) {
      const wrapper = refusing([call], errno.EPERM);
      const messages = await toldBehind(wrapper, ["fileToMake", join(directory, "new")], ["fileToSize", empty]);
      assert.match(messages[0], missing);
      assert.equal(messages[1], "no error");
    }
  });

  it("because its name is taken is called what it is, and says what helps", () => {
    const name = uniqueName("taken");
    SharedMemory.create(name, { size: 4096, unlinkOnClose: true });
    const ways: [noun: string, create: () => unknown][] = [
      ["shared memory", () => SharedMemory.create(name, { size: 4096 })],
      ["SPSC ring", () => SpscRing.create(name, { capacity: 4096 })],
      ["latest value", () => LatestValue.create(name, { size: 8 })],
      ["map", () => SharedMap.create(name, { capacity: 8, valueSize: 8 })],
      ["mutex", () => Mutex.create(name)],
      ["Futex", () => Futex.create(name)],
    ];
    const reason = "EEXIST, it exists already (open it, use openOrCreate, or unlink what an earlier run has left)";
    for (const [noun, create] of ways) assert.throws(create, { message: `Cannot create ${noun} ${name}: ${reason}` });
    const path = file(0o600);
    assert.throws(() => MappedFile.create(path, { size: 1 }), {
      message: `Cannot create mapped file ${path}: EEXIST, it exists already (open it, or use openOrCreate)`,
    });
  });

  it("because its directory is missing names that", { skip }, async () => {
    const devices = "for one in null zero random urandom; do touch $D/$one && mount --bind /dev/$one $D/$one; done";
    const wrapper = without(`D=${temporaryDirectory()} && ${devices} && mount --rbind $D /dev`);
    const path = join(temporaryDirectory(), "none", "file");
    const name = uniqueName("nowhere");
    const messages = await toldBehind(wrapper, ["mutexToMake", name], ["memoryToMake", name], ["fileToMake", path]);
    const missing = (directory: string) => `ENOENT, no such object (there is no directory ${directory})`;
    assert.deepEqual(messages, [
      `Cannot create mutex ${name}: ${missing("/dev/shm")}`,
      `Cannot create shared memory ${name}: ${missing("/dev/shm")}`,
      `Cannot create mapped file ${path}: ${missing(join(path, ".."))}`,
    ]);
  });

  it("because its file system has no inode left says where to look", { skip }, async () => {
    const wrapper = without("mount -t tmpfs -o nr_inodes=3 tmpfs /dev/shm && : > /dev/shm/one && : > /dev/shm/two");
    const [message] = await toldBehind(wrapper, ["memoryToMake", uniqueName("one-more")]);
    assert.match(
      message,
      /: ENOSPC, no space left \(no room for one file more: see df -i \/dev\/shm, .* no inode left\)$/,
    );
  });

  it("because it cannot be mapped names the limits of that", () => {
    const [syscall, message] = ["mmap", /: ENOMEM, .* \(the limits of mappings are ulimit -v, and vm\.max_map_count /];
    assert.throws(() => AnonymousMemory.create({ size: 2 ** 48, noReserve: true }), { syscall, message });
  });

  const noProcess = ownRuntime.name.startsWith("node") ? skip : "Bun and Deno do not start without /proc";
  it("because /proc is missing says so", { skip: noProcess }, async () => {
    const messages = await toldBehind(without("umount -l /proc"), ["memoryToMake", uniqueName("unmade")]);
    assert.match(messages[0], /ENOENT, no such object \(there is no \/proc\/self\/fd, by which .*not mounted\)$/);
  });
});
