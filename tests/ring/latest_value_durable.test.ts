// Power loss: what was synced survives it, and a half-written value is found by its checksum.

import assert from "node:assert/strict";
import { truncateSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { LatestValue, MappedFile, type MemoryRegion, Participants, SharedMemory } from "../../mod.ts";
import { SLOT_BOOT_OFFSET, SLOT_SIZE } from "../../src/memory/layout.ts";
import { ValueBuffers } from "../../src/ring/latest_value/buffers.ts";
import { crc32c } from "../../src/ring/latest_value/checksum.ts";
import * as layout from "../../src/ring/latest_value/layout.ts";
import { cleanUp, Random, temporaryDirectory } from "../support/mod.ts";
import { bytes, makeLatest, text } from "./latest_value_parts.ts";

/** Where the latest value starts, behind the table of participants. */
const BASE = Participants.byteSize();
const SECTOR = 512;

/** What a table of participants says after a reboot: the kernel that it knows is no longer this one. */
function rebootSlots(bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer);
  for (let boot = SLOT_BOOT_OFFSET; boot < BASE; boot += SLOT_SIZE) {
    if (view.getUint32(boot, true) !== 0) view.setUint32(boot, 1, true);
  }
}

/** A file in memory, of which only what was written back is on disk. */
class PretendedFile implements MemoryRegion {
  readonly memory: SharedMemory;
  readonly disk: Uint8Array;
  readonly participants: Participants;
  /** Power fails in the next sync, after this many sectors. */
  failAfter = Number.POSITIVE_INFINITY;

  constructor(size: number, disk = new Uint8Array(Math.ceil(size / 4096) * 4096)) {
    this.memory = SharedMemory.anonymous({ size: disk.length });
    this.memory.bytes.set(disk);
    this.disk = disk;
    this.participants = Participants.over(this.memory, 0);
  }

  get buffer(): ArrayBuffer {
    return this.memory.buffer;
  }
  get address(): number {
    return this.memory.address;
  }
  get fd(): number {
    return this.memory.fd;
  }
  get size(): number {
    return this.memory.size;
  }

  get fileOffset(): number {
    return this.memory.fileOffset;
  }
  beforeClose(dependent: object, action: () => void): void {
    this.memory.beforeClose(dependent, action);
  }
  afterClose(dependent: object): void {
    this.memory.afterClose(dependent);
  }

  writeBack(sector: number): void {
    const start = sector * SECTOR;
    this.disk.set(this.memory.bytes.subarray(start, start + SECTOR), start);
  }

  sync({ offset = 0, length = this.size }: { offset?: number; length?: number } = {}): void {
    const first = Math.floor(offset / 4096) * 8;
    const sectors = Array.from(
      { length: Math.ceil((offset + length) / 4096) * 8 - first },
      (_, index) => first + index,
    );
    for (const sector of sectors) {
      if (this.failAfter-- <= 0) throw new Error("power failed");
      this.writeBack(sector);
    }
  }

  /** What is there when the power comes back, the table too; its slots are of another boot then. */
  afterPowerLoss(): PretendedFile {
    this.participants.close();
    const disk = new Uint8Array(this.disk);
    rebootSlots(disk);
    this.memory.close();
    return new PretendedFile(disk.length, disk);
  }

  close(): void {
    for (const one of [this.participants, this.memory]) one.close();
  }
}

/** Bytes that say which number they are of. */
function numbered(number: number, size: number): Uint8Array {
  const value = new Uint8Array(size);
  const view = new DataView(value.buffer);
  view.setUint32(0, number, true);
  for (let index = 4; index < size; index++) value[index] = (number * 31 + index * 7) & 255;
  return value;
}

function numberOf(value: Uint8Array | undefined): number {
  if (value === undefined) return 0;
  const number = new DataView(value.buffer).getUint32(0, true);
  assert.deepEqual(value, numbered(number, value.length), "torn");
  return number;
}

/** Moves one that nobody has written yet to a version, as if that many values had been published: zeros, `size` bytes. */
function startAt({ memory }: PretendedFile, version: number, size: number): void {
  const geometry = { size, buffers: 8, checksum: true };
  const buffers = new ValueBuffers({ memory, base: BASE, geometry, name: "a file", isAtomic: false });
  const [sequence, epoch] = [version | 0, Math.floor(version / 2 ** 32)];
  const header = buffers.headerOf(sequence);
  for (const [word, value] of [sequence, epoch, size].entries()) buffers.i32[header / 4 + word] = value;
  buffers.i32[(header + layout.CHECKSUM) / 4] = buffers.checksumOf(header, size);
  buffers.i32[buffers.currentIndex] = sequence;
}

interface Numbers {
  /** Written last. */
  number: number;
  /** Synced last. */
  synced: number;
}

/** A life of a writer that ends with a power failure. */
function live(file: PretendedFile, size: number, before: Numbers, random: Random): Numbers {
  const latest = LatestValue.over(file, BASE, { participants: file.participants, size, checksum: true });
  const writer = latest.writer();
  let { number, synced } = before;
  for (let step = random.below(60); step > 0; step--) {
    const kind = random.below(10);
    if (kind < 6) writer.write(numbered(++number, size));
    else if (kind < 9) {
      const part = numbered(number + 1, size).subarray(0, random.below(size + 1));
      writer.u8.set(part, writer.claimAt());
      for (let count = random.below(40); count > 0; count--) file.writeBack(random.below(file.size / SECTOR));
    } else {
      if (random.below(4) === 0) file.failAfter = random.below(12);
      try {
        writer.sync();
        synced = number;
      } catch {
        break;
      }
    }
  }
  return { number, synced };
}

describe("power loss", () => {
  after(cleanUp);

  it("leaves the value that was synced last, or a newer one, whole: any sectors, any moment", () => {
    const random = new Random();
    for (let round = 0; round < 150; round++) {
      const size = 4 + random.below([40, 400, 4000][round % 3] as number);
      let file = new PretendedFile(BASE + LatestValue.byteSize({ size, checksum: true }));
      let numbers: Numbers = { number: 0, synced: 0 };
      for (let life = 0; life < 4; life++) {
        numbers = live(file, size, numbers, random);
        file = file.afterPowerLoss();
        const options = { participants: file.participants, size, checksum: true };
        const latest = LatestValue.over(file, BASE, options);
        const [reader, found] = [latest.reader(), numberOf(latest.reader().tryRead())];
        const context = `seed ${random.seed}, round ${round}, life ${life}, size ${size}`;
        assert.ok(
          found >= numbers.synced && found <= numbers.number,
          `${found}: ${JSON.stringify(numbers)}, ${context}`,
        );
        assert.equal(numberOf(reader.tryRead()), found, context);
        const version = reader.version;
        const writer = latest.writer();
        assert.equal(numberOf(reader.tryRead()), found, context);
        assert.ok(writer.version >= version && reader.version >= version, context);
        assert.equal(latest.reader().isSalvaged && found > 0, false, context);
        writer.write(numbered(++numbers.number, size));
        assert.equal(numberOf(reader.tryRead()), numbers.number, context);
        latest.close();
      }
      file.close();
    }
  });

  it("leaves what was synced once, with all that says what it is", () => {
    const file = new PretendedFile(BASE + LatestValue.byteSize({ size: 8, checksum: true }));
    const writer = LatestValue.over(file, BASE, { participants: file.participants, size: 8, checksum: true }).writer();
    writer.write(bytes("synced"));
    writer.sync();
    const after = file.afterPowerLoss();
    const found = LatestValue.over(after, BASE, { participants: after.participants });
    assert.deepEqual([found.created, found.size, text(found.reader().tryRead())], [false, 8, "synced"]);
    found.close();
    after.close();
  });

  it("that takes the table of participants back leaves no word that names a new one", () => {
    const options = { size: 8, checksum: true };
    const file = new PretendedFile(BASE + LatestValue.byteSize(options));
    const lay = (over: PretendedFile) => LatestValue.over(over, BASE, { participants: over.participants, ...options });
    lay(file).writer().sync();
    file.sync();
    const second = file.afterPowerLoss();
    const writer = lay(second).writer();
    writer.write(bytes("2"));
    writer.sync(); // the object's header, with the writer's id; not the table
    const third = second.afterPowerLoss();
    const latest = lay(third);
    assert.equal(text(latest.reader().tryRead()), "2");
    latest.writer().write(bytes("3"));
    assert.equal(text(latest.reader().tryRead()), "3");
    latest.close();
    third.close();
  });

  it("a half-written value is found, an older one stands in, and the next writer repairs", () => {
    const file = new PretendedFile(BASE + LatestValue.byteSize({ size: 336, checksum: true }));
    const lay = () => LatestValue.over(file, BASE, { participants: file.participants, size: 336, checksum: true });
    const before = lay();
    const writer = before.writer();
    for (const number of [1, 2, 3]) writer.write(numbered(number, 336));
    before.close();
    const third = BASE + layout.FIRST_BUFFER + 3 * layout.strideOf(336) + layout.BYTES;
    file.memory.bytes[third + 300] ^= 1;
    const after = lay();
    const reader = after.reader();
    assert.equal(reader.isSalvaged, true);
    assert.equal(numberOf(reader.tryRead()), 2);
    assert.equal(reader.tryNext(), undefined);
    assert.equal(reader.tryReadInto(new Uint8Array(336)), 336);
    const next = after.writer();
    assert.deepEqual([reader.isSalvaged, numberOf(reader.tryNext())], [false, 2]);
    assert.ok(next.version > 3 && reader.version === next.version);
    after.close();
    file.close();
  });

  it("as the sequence begins anew: the next writer goes beyond what was written, and every reader sees it", () => {
    const options = { size: 8, checksum: true };
    const file = new PretendedFile(BASE + LatestValue.byteSize(options));
    const lay = (over: PretendedFile) => LatestValue.over(over, BASE, { participants: over.participants, ...options });
    lay(file).close();
    startAt(file, 2 ** 32 - 2, 8);
    const writer = lay(file).writer();
    writer.sync();
    for (const number of [1, 2, 3]) writer.write(numbered(number, 8));
    file.writeBack(Math.floor((BASE + layout.CURRENT) / SECTOR)); // and none of these values
    const after = file.afterPowerLoss();
    const latest = lay(after);
    const reader = latest.reader();
    assert.deepEqual([reader.tryRead(), reader.isSalvaged, reader.version], [new Uint8Array(8), true, 2 ** 32 - 2]);
    const next = latest.writer();
    for (const number of [4, 5, 6]) {
      next.write(numbered(number, 8));
      assert.deepEqual([numberOf(reader.tryRead()), reader.isSalvaged], [number, false]);
      assert.ok(reader.version > 2 ** 32 + 1 && reader.version < 2 ** 32 + 10, `version ${reader.version}`);
    }
    latest.close();
    after.close();
  });

  it("where nothing whole is left there is no value, and the next one is read", () => {
    const file = new PretendedFile(BASE + LatestValue.byteSize({ size: 32, checksum: true }));
    const latest = LatestValue.over(file, BASE, { participants: file.participants, size: 32, checksum: true });
    const writer = latest.writer();
    writer.write(numbered(1, 32));
    writer.close();
    file.memory.bytes[BASE + layout.FIRST_BUFFER + layout.strideOf(32) + layout.BYTES + 5] ^= 1;
    const reader = latest.reader();
    assert.deepEqual([reader.isSalvaged, reader.tryRead(), reader.ended], [true, undefined, true]);
    const next = latest.writer();
    next.sync();
    next.write(numbered(2, 32));
    assert.deepEqual([reader.isSalvaged, numberOf(reader.tryRead())], [false, 2]);
    latest.close();
    file.close();
  });
});

describe("a length that a hostile peer changes once it has been checked", () => {
  after(cleanUp);
  const options = { size: 64, checksum: true };
  const end = BASE + LatestValue.byteSize(options);

  /** Does so at the end of each check of the value with this sequence. */
  function withHostilePeer(file: PretendedFile, sequence: number, length: number, run: () => void): void {
    const header = BASE + layout.FIRST_BUFFER + sequence * layout.strideOf(options.size);
    const { checksumOf } = ValueBuffers.prototype;
    ValueBuffers.prototype.checksumOf = function (checked, bytes) {
      const sum = checksumOf.call(this, checked, bytes);
      if (checked === header) new DataView(file.buffer).setInt32(header + layout.LENGTH, length, true);
      return sum;
    };
    try {
      run();
    } finally {
      ValueBuffers.prototype.checksumOf = checksumOf;
    }
  }

  it("leaves sync within the object, with the bytes that were checked", () => {
    for (const length of [2 ** 31 - 1, -1]) {
      const file = new PretendedFile(end + 8192);
      file.memory.bytes.fill(9, end);
      const latest = LatestValue.over(file, BASE, { participants: file.participants, ...options });
      const writer = latest.writer();
      writer.write(new Uint8Array(64).fill(5));
      withHostilePeer(file, 1, length, () => writer.sync());
      assert.ok(file.memory.bytes.subarray(end).every((byte) => byte === 9));
      latest.close();
      file.close();
    }
  });

  it("is EBADMSG for a writer that takes over what stands in for a half-written value", () => {
    const file = new PretendedFile(end);
    const lay = () => LatestValue.over(file, BASE, { participants: file.participants, ...options });
    const before = lay();
    const writer = before.writer();
    for (const number of [1, 2, 3]) writer.write(numbered(number, 64));
    before.close();
    file.memory.bytes[BASE + layout.FIRST_BUFFER + 3 * layout.strideOf(64) + layout.BYTES + 30] ^= 1;
    const after = lay();
    withHostilePeer(file, 2, 2 ** 31 - 1, () => assert.throws(() => after.writer(), { code: "EBADMSG" }));
    after.close();
    file.close();
  });
});

describe("sync", () => {
  after(cleanUp);

  it("is refused where it could promise nothing", () => {
    const { latest } = makeLatest("memory", { size: 8, checksum: true });
    assert.throws(() => latest.writer().sync(), { code: "EOPNOTSUPP", message: /MappedFile/ });
    latest.close();
    const file = new PretendedFile(BASE + LatestValue.byteSize({ size: 8 }));
    const plain = LatestValue.over(file, BASE, { participants: file.participants, size: 8 });
    assert.throws(() => plain.writer().sync(), { code: "EOPNOTSUPP", message: /checksum/ });
    plain.close();
    file.close();
  });

  it("is EBADMSG where the value is not whole any more", () => {
    const options = { size: 64, checksum: true };
    const losses: ((file: PretendedFile) => void)[] = [
      ({ memory }) => memory.bytes.fill(0, BASE), // the file was truncated, and has grown again
      ({ memory }) => memory.bytes.fill(0, BASE + layout.FIRST_BUFFER),
      ({ memory }) => {
        memory.bytes[BASE + layout.FIRST_BUFFER + layout.strideOf(64) + layout.BYTES + 5] ^= 1;
      },
    ];
    for (const lose of losses) {
      const file = new PretendedFile(BASE + LatestValue.byteSize(options));
      const latest = LatestValue.over(file, BASE, { participants: file.participants, ...options });
      const writer = latest.writer();
      writer.write(numbered(1, 64));
      lose(file);
      assert.throws(() => writer.sync(), { code: "EBADMSG", message: /its current value is not whole/ }, String(lose));
      latest.close();
      file.close();
    }
  });

  it("is EBADMSG where somebody has truncated the file, whatever was synced before", () => {
    const path = join(temporaryDirectory(), "book");
    const options = { size: 64, checksum: true };
    const file = MappedFile.openOrCreate(path, { size: BASE + LatestValue.byteSize(options) });
    const latest = LatestValue.over(file, BASE, { participants: Participants.over(file, 0), ...options });
    const writer = latest.writer();
    for (const number of [1, 2]) {
      writer.write(numbered(number, 64));
      writer.sync();
    }
    truncateSync(path, BASE);
    assert.throws(() => writer.sync(), { code: "EBADMSG", message: /pages were lost/ });
    file.close();
  });

  it("before the first value does nothing; a checksum does not change what is read", () => {
    const file = new PretendedFile(BASE + LatestValue.byteSize({ size: 8, checksum: true }));
    const latest = LatestValue.over(file, BASE, { participants: file.participants, size: 8, checksum: true });
    const [writer, reader] = [latest.writer(), latest.reader()];
    writer.sync();
    for (let length = 0; length <= 8; length++) {
      writer.write(bytes("12345678".slice(0, length)));
      writer.sync();
      assert.equal(text(reader.tryRead()), "12345678".slice(0, length));
      assert.equal(latest.reader().isSalvaged, false);
    }
    latest.close();
    file.close();
  });
});

describe("the checksum", () => {
  const crc = (data: Uint8Array, offset = 0, length = data.length - offset, before = 0) => {
    const padded = new Uint8Array(Math.ceil(data.length / 4) * 4);
    padded.set(data);
    return crc32c(new Int32Array(padded.buffer), padded, offset, length, before) >>> 0;
  };

  it("is CRC-32C", () => {
    assert.equal(crc(bytes("123456789")), 0xe3069283);
    assert.equal(crc(new Uint8Array(32)), 0x8a9136aa);
    assert.equal(crc(new Uint8Array(32).fill(255)), 0x62a8ab43);
    assert.equal(crc(Uint8Array.from({ length: 32 }, (_, index) => index)), 0x46dd794e);
    assert.equal(crc(new Uint8Array(0)), 0);
  });

  it("may be computed in parts, and finds every single wrong bit", () => {
    const data = new Random(5).bytes(61);
    const whole = crc(data);
    for (let cut = 0; cut <= 60; cut += 4) assert.equal(crc(data, cut, data.length - cut, crc(data, 0, cut)), whole);
    for (let bit = 0; bit < data.length * 8; bit++) {
      data[bit >> 3] ^= 1 << (bit & 7);
      assert.notEqual(crc(data), whole);
      data[bit >> 3] ^= 1 << (bit & 7);
    }
  });
});
