// MappedFile: made, opened, grown and closed; nothing that exists is ever cut.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { after, describe, it } from "node:test";
import { pathToFileURL } from "node:url";
import { IpcError, MappedFile } from "../../mod.ts";
import { cleanUp, temporaryDirectory } from "../support/mod.ts";

const directory = temporaryDirectory();
let count = 0;
const fresh = () => join(directory, `file-${count++}`);

/** A file with these bytes. */
function fileOf(...bytes: number[]): string {
  const path = fresh();
  writeFileSync(path, new Uint8Array(bytes));
  return path;
}

const code = (expected: string, message = /^Cannot [a-z]+ .+: E[A-Z0-9]+, / as RegExp) => ({
  name: "IpcError",
  code: expected,
  message,
});
const TMPFS_MAGIC = 0x01021994;
/** Files in memory stay dirty for ever. */
const isOnDisk = (path: string) => statfsSync(path).type !== TMPFS_MAGIC;

/** Bytes of this mapping that the kernel has yet to write. */
function dirtyBytes(address: number): number {
  const entry = readFileSync("/proc/self/smaps", "utf8").split(`\n${address.toString(16)}-`)[1] ?? "";
  const own = entry.slice(0, entry.indexOf("VmFlags"));
  const counts = [...own.matchAll(/^(?:Shared|Private)_Dirty: +(\d+) kB$/gm)].map(([, count]) => Number(count));
  assert.equal(counts.length, 2, own);
  return (counts[0] + counts[1]) * 1024;
}

const openDescriptors = () => readdirSync("/proc/self/fd").length;

describe("MappedFile.create", () => {
  it("makes a file of zeros, whole and private to its owner", () => {
    const path = fresh();
    const before = process.umask(0o077);
    const file = MappedFile.create(path, { size: 10_000, mode: 0o644 });
    process.umask(before);
    assert.deepEqual(
      [file.size, file.created, file.readOnly, file.path, file.lostPages],
      [10_000, true, false, path, 0],
    );
    assert.ok(file.bytes.every((byte) => byte === 0));
    assert.equal(statSync(path).size, 10_000);
    assert.equal(statSync(path).mode & 0o777, 0o644);
    file.close();
    const other = MappedFile.create(fresh(), { size: 1 });
    assert.equal(statSync(other.path).mode & 0o777, 0o600);
    other.close();
  });

  it("writes what others read from the file, at once and after close", () => {
    const path = fresh();
    const file = MappedFile.create(path, { size: 5000 });
    file.bytes.set([1, 2, 3], 4997);
    assert.deepEqual([...readFileSync(path).subarray(4996)], [0, 1, 2, 3]);
    file.close();
    assert.deepEqual([...readFileSync(path).subarray(4996)], [0, 1, 2, 3]);
  });

  it("refuses a name that is taken, and leaves what has it", () => {
    const path = fileOf(1, 2, 3);
    assert.throws(() => MappedFile.create(path, { size: 4096 }), code("EEXIST"));
    assert.deepEqual([...readFileSync(path)], [1, 2, 3]);
  });

  it("reserves the space, unless it shall be sparse", () => {
    const [full, sparse] = [fresh(), fresh()];
    MappedFile.create(full, { size: 1 << 20 }).close();
    MappedFile.create(sparse, { size: 1 << 20, sparse: true }).close();
    assert.ok(statSync(full).blocks * 512 >= 1 << 20, `${statSync(full).blocks} blocks`);
    assert.ok(statSync(sparse).blocks * 512 < 1 << 19, `${statSync(sparse).blocks} blocks`);
    assert.equal(statSync(sparse).size, 1 << 20);
  });

  it("takes a file: URL, and any directory that can hold a file", () => {
    const url = pathToFileURL(join(directory, "with space"));
    MappedFile.create(url, { size: 1 }).close();
    assert.equal(statSync(url).size, 1);
    const { href, protocol } = url; // one of another realm
    MappedFile.open({ href, protocol } as URL).close();
    assert.throws(() => MappedFile.open({ href: "http://a/b", protocol: "http:" } as URL), TypeError);
    assert.throws(() => MappedFile.open({ href } as URL), { message: /must be a string or a file: URL, not object$/ });
    assert.throws(() => MappedFile.create(join(directory, "missing", "a"), { size: 1 }), code("ENOENT"));
    assert.throws(() => MappedFile.create(join(fileOf(1), "a"), { size: 1 }), code("ENOTDIR"));
  });

  it("leaves nothing behind when it fails", () => {
    const before = [openDescriptors(), readdirSync(directory).length];
    assert.throws(() => MappedFile.create(fresh(), { size: 2 ** 47 }), IpcError);
    assert.deepEqual([openDescriptors(), readdirSync(directory).length], before);
  });
});

describe("MappedFile.open", () => {
  it("maps what there is, and writes to it", () => {
    const path = fileOf(1, 2, 3);
    const file = MappedFile.open(path);
    assert.deepEqual([[...file.bytes], file.created, file.size], [[1, 2, 3], false, 3]);
    file.bytes[1] = 9;
    file.close();
    assert.deepEqual([...readFileSync(path)], [1, 9, 3]);
  });

  it("read-only: sees what others write, and keeps its own writes to itself", () => {
    const path = fileOf(1, 2, 3);
    const [writer, reader] = [MappedFile.open(path), MappedFile.open(path, { readOnly: true })];
    writer.bytes[0] = 7;
    assert.deepEqual([reader.bytes[0], reader.readOnly], [7, true]);
    reader.bytes[1] = 9;
    assert.deepEqual([writer.bytes[1], [...readFileSync(path)]], [2, [7, 2, 3]]);
    for (const action of [() => reader.sync(), () => reader.grow(10), () => reader.punchHole({ length: 1 })]) {
      assert.throws(action, { name: "RangeError", message: /^Cannot .*read-only/ });
    }
    reader.close();
    writer.close();
  });

  it("populated and locked: still sees what others write", () => {
    const path = fileOf(1, 2, 3);
    const writer = MappedFile.open(path, { populate: true });
    for (const options of [{ populate: true }, { locked: true }]) {
      const reader = MappedFile.open(path, { readOnly: true, ...options });
      writer.bytes[0]++;
      assert.equal(reader.bytes[0], writer.bytes[0], JSON.stringify(options));
      reader.close();
    }
    writer.close();
  });

  it("maps a window, whose offset is a whole page", () => {
    const path = fresh();
    writeFileSync(
      path,
      Uint8Array.from({ length: 10_000 }, (_, index) => index >> 8),
    );
    const file = MappedFile.open(path, { offset: 8192, length: 1000 });
    assert.deepEqual([file.size, file.bytes[0], file.bytes[999]], [1000, 32, 35]);
    file.bytes[0] = 99;
    file.sync({ offset: 10, length: 10 });
    file.sync({ async: true, offset: 10, length: 10 });
    file.punchHole({ offset: 1, length: 2 });
    assert.deepEqual([...readFileSync(path).subarray(8191, 8196)], [31, 99, 0, 0, 32]);
    assert.throws(() => file.grow(20_000), { name: "RangeError", message: /window/ });
    file.close();
    for (const [window, message] of [
      [{ offset: 100 }, /^offset must be a multiple of \d+, not 100$/],
      [{ offset: 12_288 }, /^offset must be a whole number from 0 to 9999, not 12288$/],
      [{ offset: 8192, length: 1809 }, /^length must be a whole number from 1 to 1808, not 1809$/],
      [{ offset: 10_000 }, /^offset must be a whole number from 0 to 9999, not 10000$/],
    ] as const) {
      assert.throws(() => MappedFile.open(path, window), { name: "RangeError", message });
    }
    const rest = MappedFile.open(path, { offset: 8192 });
    assert.equal(rest.size, 1808);
    assert.throws(() => rest.grow(20_000), RangeError);
    rest.close();
  });

  const fifo = fresh();
  execFileSync("mkfifo", [fifo]);
  const link = fresh();
  symlinkSync(fileOf(1), link);
  const wrong: [string, string, string][] = [
    ["a file that is missing", fresh(), "ENOENT"],
    ["an empty file", fileOf(), "EINVAL"],
    ["a directory", directory, "EISDIR"],
    ["a FIFO that nobody else has open", fifo, "ENODEV"],
    ["a device", "/dev/zero", "ENODEV"],
    ["a symbolic link", link, "ELOOP"],
    ["a path through a file", join(fileOf(1), "x"), "ENOTDIR"],
    ["a name that is too long", join(directory, "x".repeat(300)), "ENAMETOOLONG"],
  ];
  for (const [what, path, expected] of wrong) {
    it(`refuses ${what}, read-only too, without leaving a descriptor open`, () => {
      const before = openDescriptors();
      for (const readOnly of [false, true]) {
        assert.throws(() => MappedFile.open(path, { readOnly }), { ...code(expected), path });
      }
      assert.equal(openDescriptors(), before);
    });
  }

  it("says what helps with an empty file", () => {
    assert.throws(() => MappedFile.open(fileOf()), { message: /it is empty.*openOrCreate gives it a size/ });
  });
});

describe("MappedFile.openOrCreate", () => {
  it("creates what is missing and opens what exists, whatever its size above the one asked", () => {
    const path = fresh();
    const first = MappedFile.openOrCreate(path, { size: 4096 });
    first.bytes[0] = 5;
    const second = MappedFile.openOrCreate(path, { size: 100 });
    assert.deepEqual([first.created, second.created, second.size, second.bytes[0]], [true, false, 4096, 5]);
    first.close();
    second.close();
  });

  it("does not touch a file that is smaller", () => {
    const path = fileOf(1, 2, 3);
    assert.throws(
      () => MappedFile.openOrCreate(path, { size: 4 }),
      code("EINVAL", /3 bytes, 4 asked; open it and grow it/),
    );
    assert.deepEqual([...readFileSync(path)], [1, 2, 3]);
  });

  it("gives an empty file its size", () => {
    const path = fileOf();
    const file = MappedFile.openOrCreate(path, { size: 100 });
    assert.deepEqual([file.size, file.created, statSync(path).size], [100, false, 100]);
    file.close();
  });
});

describe("MappedFile.grow", () => {
  it("adds reserved zeros, keeps the bytes, and empties views of the old mapping", () => {
    const path = fileOf(1, 2, 3);
    const file = MappedFile.open(path);
    const old = file.bytes;
    file.grow(1 << 20);
    assert.deepEqual([file.size, old.length, ...file.bytes.subarray(0, 4)], [1 << 20, 0, 1, 2, 3, 0]);
    assert.ok(statSync(path).blocks * 512 >= 1 << 20);
    file.bytes[(1 << 20) - 1] = 8;
    file.close();
    assert.equal(readFileSync(path).at(-1), 8);
  });

  it("sparse: adds a hole", () => {
    const file = MappedFile.create(fresh(), { size: 4096 });
    file.grow(1 << 20, { sparse: true });
    assert.equal(file.size, 1 << 20);
    assert.ok(statSync(file.path).blocks * 512 < 1 << 19);
    file.close();
  });

  it("maps what others have added, and never takes any of it away", () => {
    const file = MappedFile.create(fresh(), { size: 4096 });
    appendFileSync(file.path, new Uint8Array(10_000).fill(3));
    for (const options of [{}, { sparse: true }]) {
      file.grow(file.size, options);
      assert.deepEqual([file.size, file.bytes[14_095], statSync(file.path).size], [14_096, 3, 14_096]);
    }
    file.close();
  });

  it("refuses to shrink", () => {
    const file = MappedFile.create(fresh(), { size: 4096 });
    assert.throws(() => file.grow(4095), RangeError);
    assert.equal(statSync(file.path).size, 4096);
    file.close();
  });
});

describe("MappedFile.sync, advise and punchHole", () => {
  it("sync takes all, a range of any bytes, and async", () => {
    const file = MappedFile.create(fresh(), { size: 20_000 });
    const dirty = () => (isOnDisk(file.path) ? dirtyBytes(file.address) : 0);
    file.bytes.fill(1);
    if (isOnDisk(file.path)) assert.ok(dirty() > 0);
    file.sync();
    assert.equal(dirty(), 0);
    file.sync({ async: true });
    file.bytes.fill(2);
    file.sync({ offset: 5000 });
    file.sync({ length: 5000 });
    assert.equal(dirty(), 0);
    file.sync({ offset: 19_999, length: 1, async: true });
    for (const range of [{ offset: 20_000 }, { offset: 1, length: 20_000 }, { length: 0 }, { offset: -1 }]) {
      assert.throws(() => file.sync(range), RangeError, JSON.stringify(range));
    }
    file.close();
  });

  it("sync of a new file works where its directory has gone, and tells where it has moved", () => {
    const path = fresh();
    mkdirSync(path);
    const [lost, moved] = ["lost", "moved"].map((name) => MappedFile.create(join(path, name), { size: 1 }));
    rmSync(lost.path);
    renameSync(path, `${path}-elsewhere`);
    lost.sync();
    assert.throws(() => moved.sync(), code("ENOENT", /on the disk, but not its name: .* cannot be opened/));
    renameSync(`${path}-elsewhere`, path);
    moved.sync();
    for (const file of [lost, moved]) file.close();
  });

  it("sync of a new file reaches its directory when the process has gone elsewhere", () => {
    const path = fresh();
    const home = process.cwd();
    let file: MappedFile;
    process.chdir(directory);
    try {
      mkdirSync("below");
      file = MappedFile.create("below/file", { size: 1 });
      assert.equal(file.path, "below/file");
    } finally {
      process.chdir(home);
    }
    file.sync();
    file.close();
    // A ".." behind a link leads to where the link leads from, which no text tells.
    symlinkSync(join(directory, "below"), path);
    const beside = MappedFile.create(`${path}/../beside`, { size: 1 });
    beside.sync();
    beside.close();
  });

  it("sync of a file that was made smaller is EIO, also where no page was missed yet", () => {
    const path = fresh();
    const file = MappedFile.create(path, { size: 8192 });
    const window = MappedFile.open(path, { offset: 4096 });
    file.bytes[5000] = 5;
    truncateSync(path, 100);
    const expected = code("EIO", /made smaller: it has 100 bytes, and is mapped up to byte 8192/);
    for (const one of [file, window]) {
      assert.throws(() => one.sync(), expected);
      assert.throws(() => one.sync({ length: 50, async: true }), expected);
      assert.equal(one.lostPages, 0);
    }
    file.grow(8192);
    file.sync();
    for (const one of [file, window]) one.close();
  });

  it("punchHole makes exactly these bytes zero, and gives whole blocks back", () => {
    const path = fresh();
    writeFileSync(path, new Uint8Array(1 << 20).fill(7));
    const file = MappedFile.open(path);
    const before = statSync(path).blocks;
    file.punchHole({ offset: 1000, length: 1_000_000 });
    const expected = new Uint8Array(1 << 20).fill(7).fill(0, 1000, 1_001_000);
    assert.ok(Buffer.from(file.bytes).equals(expected));
    assert.ok(readFileSync(path).equals(expected));
    assert.ok(statSync(path).blocks < before / 2, `${statSync(path).blocks} of ${before}`);
    assert.equal(file.size, 1 << 20);
    file.close();
  });

  it("advise takes the advice of madvise(2), and changes no byte of the file", () => {
    const file = MappedFile.create(fresh(), { size: 20_000 });
    file.bytes.fill(3);
    for (const advice of [
      "random",
      "sequential",
      "willneed",
      "normal",
      "dontneed",
      "cold",
      "dontdump",
      "dodump",
    ] as const) {
      file.advise(advice);
      file.advise(advice, { offset: 5000, length: 5000 });
    }
    assert.ok(file.bytes.every((byte) => byte === 3));
    assert.throws(() => file.advise("often" as "normal"), {
      name: "RangeError",
      message: /no advice "often".*sequential/,
    });
    file.close();
  });
});

describe("MappedFile.close", () => {
  it("empties every view; late accesses read undefined and late calls are EBADF", () => {
    const file = MappedFile.create(fresh(), { size: 4096 });
    const { bytes, buffer } = file;
    const words = new Int32Array(buffer);
    file.close();
    file.close();
    file[Symbol.dispose]();
    assert.deepEqual(
      [bytes.length, words.length, buffer.byteLength, file.size, file.fd, bytes[0]],
      [0, 0, 0, 0, -1, undefined],
    );
    bytes[0] = 1;
    words[5] = 1;
    assert.throws(() => new Uint8Array(buffer, 1, 1), Error);
    const late = [
      () => file.sync(),
      () => file.grow(8192),
      () => file.advise("normal"),
      () => file.punchHole({ length: 1 }),
    ];
    for (const action of late) assert.throws(action, { code: "EBADF", message: /closed( in this process)?\)$/ });
    assert.equal(file.lostPages, 0);
  });

  it("leaves no descriptor and no mapping", () => {
    const path = fresh();
    const mapped = () => readFileSync("/proc/self/maps", "utf8").split(path).length - 1;
    const before = openDescriptors();
    for (let round = 0; round < 50; round++) {
      const file = MappedFile.openOrCreate(path, { size: 4096 });
      file.grow(file.size + 4096);
      file.close();
    }
    assert.deepEqual([openDescriptors(), mapped()], [before, 0]);
  });
});

describe("MappedFile in a directory that was removed", () => {
  it("leaves no file, no descriptor and no mapping where its path cannot be told", () => {
    const [home, above] = [process.cwd(), fresh()];
    mkdirSync(join(above, "gone"), { recursive: true });
    writeFileSync(join(above, "there"), "abc");
    const mapped = () => readFileSync("/proc/self/maps", "utf8").split(above).length - 1;
    const before = openDescriptors();
    process.chdir(join(above, "gone"));
    try {
      rmSync(join(above, "gone"), { recursive: true });
      const made = [
        () => MappedFile.create("../made", { size: 4096 }),
        () => MappedFile.openOrCreate("../made", { size: 4096 }),
        () => MappedFile.open("../there"),
        () => MappedFile.openOrCreate("../there", { size: 3 }),
      ];
      for (const action of made) assert.throws(action, /cwd|ENOENT|No such file/i);
      assert.deepEqual([openDescriptors(), mapped(), readdirSync(above)], [before, 0, ["there"]]);
      MappedFile.open(join(above, "there")).close();
    } finally {
      process.chdir(home);
    }
  });
});

describe("MappedFile larger than an ArrayBuffer", () => {
  const size = 2 ** 33;

  it("is a RangeError that leaves no file, or works; a window always works", () => {
    const path = fresh();
    try {
      MappedFile.create(path, { size, sparse: true }).close();
    } catch (error) {
      assert.match(String(error), /^RangeError: Cannot create mapped file .*ArrayBuffer cannot hold 8589934592 bytes/);
      assert.equal(existsSync(path), false);
      MappedFile.create(path, { size: 1 }).close();
      execFileSync("truncate", ["-s", String(size), path]);
    }
    const file = MappedFile.open(path, { offset: size - 4096 });
    assert.equal(file.size, 4096);
    file.bytes[4095] = 1;
    file.sync();
    file.punchHole({ offset: 4095, length: 1 });
    assert.equal(file.bytes[4095], 0);
    file.close();
    rmSync(path);
  });

  it("is refused before a file that exists has grown, or works", () => {
    const path = fresh();
    const file = MappedFile.create(path, { size: 4096 });
    try {
      file.grow(size, { sparse: true });
      assert.equal(file.size, size);
    } catch (error) {
      assert.match(String(error), /^RangeError: Cannot grow mapped file .*ArrayBuffer cannot hold 8589934592 bytes/);
      assert.deepEqual([file.size, statSync(path).size], [4096, 4096]);
    }
    file.close();
    rmSync(path);
    writeFileSync(path, "");
    try {
      MappedFile.openOrCreate(path, { size, sparse: true }).close();
    } catch (error) {
      assert.match(String(error), /^RangeError: .*ArrayBuffer cannot hold 8589934592 bytes/);
      assert.equal(statSync(path).size, 0);
    }
    rmSync(path);
  });
});

describe("MappedFile arguments", () => {
  after(cleanUp); // here, in the last group: all of them use one directory
  const bad = <T>(value: unknown) => value as T;
  const wrong: [string, string, () => unknown][] = [
    ["a path that is no string", "TypeError", () => MappedFile.open(bad(5))],
    ["a path that holds NUL", "TypeError", () => MappedFile.open("a\0b")],
    ["an empty path", "RangeError", () => MappedFile.open("")],
    ["an unknown option of open", "TypeError", () => MappedFile.open("x", bad({ readonly: true }))],
    ["a size in open", "TypeError", () => MappedFile.open("x", bad({ size: 1 }))],
    ["readOnly that is no boolean", "TypeError", () => MappedFile.open("x", { readOnly: bad(1) })],
    ["an offset that is no number", "TypeError", () => MappedFile.open("x", { offset: bad("1") })],
    ["a negative offset", "RangeError", () => MappedFile.open("x", { offset: -4096 })],
    ["a length of 0", "RangeError", () => MappedFile.open("x", { length: 0 })],
    ["create without options", "TypeError", () => MappedFile.create("x", bad(undefined))],
    ["create without a size", "TypeError", () => MappedFile.create("x", bad({}))],
    ["an unknown option of create", "TypeError", () => MappedFile.create("x", bad({ size: 1, offset: 0 }))],
    ["a path of openOrCreate that is no string", "TypeError", () => MappedFile.openOrCreate(bad(5), { size: 1 })],
    ["an unknown option of openOrCreate", "TypeError", () => MappedFile.openOrCreate("x", bad({ size: 1, mod: 1 }))],
    ["create of 0 bytes", "RangeError", () => MappedFile.create("x", { size: 0 })],
    ["create of NaN bytes", "RangeError", () => MappedFile.create("x", { size: Number.NaN })],
    ["create of 2 ** 49 bytes", "RangeError", () => MappedFile.create("x", { size: 2 ** 49 })],
    ["a mode of five digits", "RangeError", () => MappedFile.create("x", { size: 1, mode: 0o10644 })],
    ["sparse that is no boolean", "TypeError", () => MappedFile.create("x", { size: 1, sparse: bad("yes") })],
    ["locked that is no boolean", "TypeError", () => MappedFile.open("x", { locked: bad(1) })],
    ["populate that is no boolean", "TypeError", () => MappedFile.openOrCreate("x", { size: 1, populate: bad(1) })],
    ["openOrCreate without options", "TypeError", () => MappedFile.openOrCreate("x", bad(undefined))],
  ];
  const inOurWords = / must | has no option /;
  for (const [what, name, action] of wrong)
    it(`refuses ${what}`, () => assert.throws(action, { name, message: inOurWords }));

  it("refuses them in methods too", () => {
    const file = MappedFile.create(fresh(), { size: 4096 });
    assert.throws(() => file.sync(bad({ asynchronous: true })), {
      name: "TypeError",
      message: /it has async, offset, length/,
    });
    assert.throws(() => file.sync({ async: bad(1) }), TypeError);
    assert.throws(() => file.sync({ offset: bad("1") }), TypeError);
    assert.throws(() => file.grow(bad("1")), TypeError);
    assert.throws(() => file.grow(8192, bad({ size: 1 })), TypeError);
    assert.throws(() => file.grow(8192, { sparse: bad(1) }), { name: "TypeError", message: /^sparse must be/ });
    assert.throws(() => file.advise(bad(1)), TypeError);
    assert.throws(() => file.punchHole(bad({ start: 1 })), TypeError);
    assert.throws(() => file.punchHole(bad(undefined)), { name: "TypeError", message: /punchHole needs an options/ });
    assert.equal(file.size, 4096);
    file.close();
  });
});
