// LatestValue in one process: values in and out, versions, borrowed reads, types, roles, limits.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { array, type Infer, LatestValue, struct } from "../../mod.ts";
import * as layout from "../../src/ring/latest_value/layout.ts";
import {
  cleanUp,
  falseArrays,
  foreign,
  foreignBytes,
  goneBytes,
  ownObjects,
  proxyBytes,
  runningBytes,
  uniqueName,
} from "../support/mod.ts";
import { bytes, makeBoth, makeLatest, Quote, text, ValueBytes } from "./latest_value_parts.ts";

describe("reading and writing", () => {
  after(cleanUp);

  it("gives nothing before the first value, and then the last one", () => {
    const { latest, writer, reader } = makeBoth("last", { size: 16 });
    assert.deepEqual(
      [reader.tryRead(), reader.tryNext(), reader.version, writer.version],
      [undefined, undefined, 0, 0],
    );
    assert.equal(reader.tryReadInto(new Uint8Array(16)), -1);
    assert.equal(reader.peekAt(), -1);
    for (const value of ["first", "second", "third"]) writer.write(bytes(value));
    assert.equal(text(reader.tryRead()), "third");
    assert.equal(text(reader.tryRead()), "third");
    assert.deepEqual([reader.version, writer.version, reader.length], [3, 3, 5]);
    latest.close();
  });

  it("keeps every length from 0 to size", () => {
    const { latest, writer, reader } = makeBoth("lengths", { size: 100 });
    const target = new Uint8Array(100);
    for (let length = 0; length <= 100; length++) {
      const value = Uint8Array.from({ length }, (_, index) => length + index);
      writer.write(value);
      assert.deepEqual(reader.tryRead(), value);
      assert.equal(reader.tryReadInto(target), length);
      assert.deepEqual(target.subarray(0, length), value);
      assert.deepEqual(reader.peek(), value);
    }
    latest.close();
  });

  it("takes any view or buffer, and copies it", () => {
    const { latest, writer, reader } = makeBoth("views", { size: 16 });
    const numbers = new Float64Array([1.5, 2.5]);
    for (const value of [numbers, numbers.buffer, new DataView(numbers.buffer)]) {
      writer.write(value);
      assert.deepEqual(new Float64Array((reader.tryRead() as Uint8Array).buffer), numbers);
    }
    const given = bytes("given");
    writer.write(given);
    given.fill(0);
    const taken = reader.tryRead();
    assert.equal(text(taken), "given");
    taken?.fill(0);
    assert.equal(text(reader.tryRead()), "given");
    latest.close();
  });

  it("gives each value once to tryNext, and skips what is in between", () => {
    const { latest, writer, reader } = makeBoth("next", { size: 8 });
    const slow = latest.reader();
    for (const value of ["a", "b"]) {
      writer.write(bytes(value));
      assert.equal(text(reader.tryNext()), value);
      assert.equal(reader.tryNext(), undefined);
    }
    assert.deepEqual([text(slow.tryNext()), slow.version], ["b", 2]);
    writer.write(bytes("b"));
    assert.equal(text(slow.tryNext()), "b", "the same bytes are a new value");
    latest.close();
  });

  it("refuses what does not fit, and publishes nothing of it", () => {
    const { latest, writer, reader } = makeBoth("refused", { size: 4 });
    writer.write(bytes("kept"));
    assert.throws(() => writer.write(bytes("large")), RangeError);
    assert.throws(() => writer.write("text" as unknown as Uint8Array), TypeError);
    assert.throws(() => writer.write(goneBytes()), { name: "TypeError", message: /^a value must have its bytes/ });
    assert.equal(text(reader.tryRead()), "kept");
    const target = new Uint8Array(3);
    assert.throws(() => reader.tryReadInto(target), RangeError);
    assert.deepEqual(target, new Uint8Array(3));
    assert.equal(reader.tryReadInto(new Uint8Array(4)), 4);
    const other = latest.reader();
    assert.throws(() => other.tryReadInto(target), RangeError);
    assert.equal(text(other.tryNext()), "kept", "what was refused was not taken");
    latest.close();
  });

  it("refuses what does not fit before any of it is copied: it would reach into the next buffers", () => {
    const { latest, writer, reader } = makeBoth("neighbours", { size: 100, buffers: 4 });
    for (const fill of [1, 2, 3]) writer.write(new Uint8Array(100).fill(fill)); // the last one into the last buffer
    assert.throws(() => writer.write(new Uint8Array(500).fill(9)), RangeError);
    assert.deepEqual(reader.tryRead(), new Uint8Array(100).fill(3));
    latest.close();
  });

  it("is written from and read into arrays of another realm, and nothing that only looks so", () => {
    for (const size of [4, 100]) {
      const { latest, writer, reader } = makeBoth(`realm-${size}`, { size });
      const written = new foreign.Uint8Array(size).fill(7);
      for (const value of [written, written.buffer, new foreign.DataView(written.buffer), foreignBytes(1, 2)]) {
        writer.write(value);
        const target = new foreign.Uint8Array(size);
        assert.equal(reader.tryReadInto(target), value.byteLength);
        assert.deepEqual([...target.subarray(0, value.byteLength)], [...(reader.tryRead() as Uint8Array)]);
        assert.equal(target[0], value.byteLength === 2 ? 1 : 7);
      }
      for (const other of falseArrays()) assert.throws(() => reader.tryReadInto(other as Uint8Array), TypeError);
      latest.close();
    }
  });

  it("reads into a Uint8Array and nothing else; what was refused has taken nothing", () => {
    const { latest, writer, reader } = makeBoth("targets", { size: 64 });
    const refused = { name: "TypeError", message: /to a Uint8Array, not / };
    for (const length of [-1, 0, 4, 64]) {
      if (length >= 0) writer.write(new Uint8Array(length));
      const version = reader.version;
      for (const target of [undefined, null, 5, "text", {}, new Float64Array(16)])
        assert.throws(() => reader.tryReadInto(target as unknown as Uint8Array), refused, String(target));
      assert.equal(reader.version, version);
      assert.equal(reader.tryNext()?.length, length < 0 ? undefined : length);
    }
    latest.close();
  });
});

describe("in place", () => {
  after(cleanUp);

  it("a claimed value is not seen before its commit", () => {
    const { latest, writer, reader } = makeBoth("claim", { size: 8 });
    writer.write(bytes("old"));
    writer.claim().set(bytes("new"));
    assert.equal(text(reader.tryRead()), "old");
    writer.commit(3);
    assert.equal(text(reader.tryRead()), "new");
    const offset = writer.claimAt();
    assert.equal(offset % 16, 0);
    writer.f64[offset / 8] = 2.5;
    writer.commit();
    assert.equal(reader.f64[reader.peekAt() / 8], 2.5);
    assert.ok(reader.confirm());
    assert.equal(reader.version, 3);
    latest.close();
  });

  it("a second claim replaces the first; commit needs one, and at most size bytes", () => {
    const { latest, writer, reader } = makeBoth("commit", { size: 8 });
    assert.throws(() => writer.commit(), RangeError);
    assert.equal(writer.claimAt(), writer.claimAt());
    for (const length of [9, -1, 1.5, Number.NaN]) assert.throws(() => writer.commit(length), RangeError);
    for (const length of ["8", null, {}])
      assert.throws(() => writer.commit(length as unknown as number), {
        name: "TypeError",
        message: /must be a number/,
      });
    writer.commit(0);
    assert.throws(() => writer.commit(0), RangeError);
    assert.deepEqual(reader.tryRead(), new Uint8Array(0));
    latest.close();
  });

  it("a peeked value stays the one that is confirmed when somebody asks whether the stream has ended", () => {
    const { latest, writer, reader } = makeBoth("ended", { size: 16 });
    writer.write(bytes("first"));
    const view = reader.peek();
    writer.write(bytes("last"));
    writer.close();
    assert.equal(reader.ended, false);
    assert.deepEqual([text(view), reader.length, reader.confirm(), reader.version], ["first", 5, true, 1]);
    assert.equal(text(reader.tryNext()), "last");
    assert.equal(reader.ended, true);
    latest.close();
  });

  it("a peeked value holds until the writer has come round to it", () => {
    for (const buffers of [4, 8, 32]) {
      const { latest, writer, reader } = makeBoth(`round-${buffers}`, { size: 8, buffers });
      writer.write(bytes("peeked"));
      const view = reader.peek();
      for (let more = 1; more < buffers; more++) {
        writer.write(bytes(String(more)));
        assert.equal(reader.confirm(), true, `after ${more} of ${buffers}`);
        assert.equal(text(view), "peeked");
      }
      writer.claimAt();
      assert.equal(reader.confirm(), false);
      writer.commit();
      assert.equal(reader.confirm(), false);
      assert.equal(reader.version, 1);
      reader.peekAt();
      assert.equal(reader.confirm(), true);
      assert.equal(reader.version, buffers + 1);
      latest.close();
    }
  });
});

describe("versions", () => {
  after(cleanUp);

  it("go on beyond 2 ** 32", () => {
    const { name, latest } = makeLatest("wrap", { size: 8 });
    const behind = new ValueBytes(name);
    behind.startAt(2 ** 32 - 3);
    const [writer, reader] = [latest.writer(), latest.reader()];
    for (let more = 1; more <= 20; more++) {
      writer.write(new Float64Array([more]));
      const version = 2 ** 32 - 3 + more;
      assert.equal(writer.version, version);
      assert.deepEqual(new Float64Array((reader.tryNext() as Uint8Array).buffer), new Float64Array([more]));
      assert.equal(reader.version, version);
      assert.equal(reader.tryNext(), undefined);
    }
    assert.deepEqual(new Float64Array((latest.reader().tryNext() as Uint8Array).buffer)[0], 20);
    behind.close();
    latest.close();
  });

  it("a reader that comes when the sequence is 0 again finds the value", () => {
    const { name, latest } = makeLatest("zero", { size: 8 });
    const behind = new ValueBytes(name);
    behind.startAt(2 ** 32 - 1);
    const writer = latest.writer();
    writer.write(bytes("here"));
    assert.equal(behind.get(0x80), 0);
    const reader = latest.reader();
    assert.deepEqual([text(reader.tryNext()), reader.version], ["here", 2 ** 32]);
    assert.equal(reader.tryNext(), undefined);
    writer.close();
    const successor = latest.writer();
    assert.equal(successor.version, 2 ** 32);
    successor.write(bytes("next"));
    assert.deepEqual([text(reader.tryNext()), reader.version], ["next", 2 ** 32 + 1]);
    behind.close();
    latest.close();
  });
});

describe("bytes that run code when they are asked how many they are", () => {
  after(cleanUp);

  it("may write before they are written themselves, and do not mix", () => {
    for (const size of [8, 500]) {
      const { latest, writer, reader } = makeBoth("running", { size: 500 });
      const inner = new Uint8Array(500).fill(1);
      const outer = runningBytes(size, () => {
        writer.write(inner);
        assert.deepEqual(reader.tryRead(), inner);
      });
      writer.write(outer);
      assert.deepEqual(reader.tryRead(), new Uint8Array(size).fill(7));
      latest.close();
    }
  });

  it("may close the writer, or all of it: then the write is EBADF", () => {
    for (const isAll of [true, false]) {
      const { latest, writer } = makeBoth("running-close", { size: 500 });
      const close = () => (isAll ? latest : writer).close();
      for (const size of [8, 500]) assert.throws(() => writer.write(runningBytes(size, close)), { code: "EBADF" });
      if (isAll) continue;
      latest.writer().write(bytes("next"));
      assert.equal(text(latest.reader().tryRead()), "next");
      latest.close();
    }
  });

  it("are refused, or as many as they say, where they are not so many: nothing is written beside", () => {
    const { latest, writer, reader } = makeBoth("lying", { size: 500 });
    writer.write(bytes("kept"));
    const liar = (length: number, says: unknown) =>
      runningBytes(
        length,
        () => {},
        () => says,
      );
    for (const says of [501, -1, 7.5, Number.NaN, "x"])
      assert.throws(() => writer.write(liar(8, says)), /^(TypeError|RangeError)/, `${says}`);
    for (const says of [300, 399, 401, 500]) assert.throws(() => writer.write(liar(400, says)), TypeError);
    assert.throws(() => writer.write(proxyBytes(8, () => {})), TypeError);
    assert.deepEqual([text(reader.tryRead()), reader.version], ["kept", 1]);
    for (const says of [7, 9, 20]) {
      writer.write(liar(8, says));
      assert.deepEqual(
        reader.tryRead(),
        Uint8Array.from({ length: says }, (_, index) => (index < 8 ? 7 : 0)),
      );
    }
    latest.close();
  });
});

describe("types", () => {
  after(cleanUp);

  it("refuses a value that is shorter than the type, and never mixes two", () => {
    const { name, latest, writer, reader } = makeBoth("short", { size: Quote.size });
    const typed = LatestValue.open(name, { type: Quote });
    const values = typed.reader();
    writer.write(new Uint8Array(Quote.size));
    assert.ok(values.tryRead() !== undefined);
    for (const length of [0, 8]) {
      writer.write(new Uint8Array(length).fill(7));
      assert.throws(() => values.tryRead(), { code: "EBADMSG" });
      assert.equal(reader.tryRead()?.length, length);
    }
    typed.close();
    latest.close();
  });

  it("publishes a value as it was written, or not at all: nobody writes while it is written", () => {
    const latest = LatestValue.create(uniqueName("nested"), { type: Quote, unlinkOnClose: true });
    const [writer, reader] = [latest.writer(), latest.reader()];
    writer.write({ price: 1, volume: 2 });
    const attempts = [() => writer.write({ price: 8, volume: 9 }), () => writer.commit(), () => writer.claimAt()];
    for (const attempt of attempts) {
      const bad = {
        price: 5,
        get volume() {
          attempt();
          return 6;
        },
      };
      assert.throws(() => writer.write(bad), /another value is being written|nothing is claimed/);
      assert.throws(() => writer.commit(), RangeError);
    }
    assert.deepEqual([reader.tryRead(), reader.version], [{ price: 1, volume: 2 }, 1]);
    writer.write({ price: 3, volume: 4 });
    assert.deepEqual(reader.tryRead(), { price: 3, volume: 4 });
    const closing = {
      price: 5,
      get volume() {
        writer.close();
        return 6;
      },
    };
    assert.throws(() => writer.write(closing), { code: "EBADF" });
    assert.deepEqual(reader.tryRead(), { price: 3, volume: 4 });
    latest.close();
  });

  it("leaves the writer's role to nobody while a value is being written whose getter has closed the writer", () => {
    const latest = LatestValue.create(uniqueName("left"), { type: Quote, unlinkOnClose: true });
    const [writer, reader] = [latest.writer(), latest.reader()];
    const closing = {
      get price() {
        writer.close();
        assert.throws(() => latest.writer(), { code: "EBUSY" });
        return 5;
      },
      volume: 6,
    };
    assert.throws(() => writer.write(closing), { code: "EBADF" });
    assert.equal(reader.ended, true);
    latest.writer().write({ price: 3, volume: 4 });
    assert.deepEqual(reader.tryRead(), { price: 3, volume: 4 });
    latest.close();
  });

  it("is EBADF where a getter has closed all of it, and the role is free", () => {
    const name = uniqueName("closed");
    const type = struct({ price: "f64", volume: "u32" });
    for (const Type of [type, Quote]) {
      const latest = LatestValue.create(name, { type: Type });
      const other = LatestValue.open(name, { type: Type, timeoutMs: 0 });
      const writer = latest.writer();
      const closing = {
        get price() {
          latest.close();
          return 5;
        },
        volume: 6,
      };
      assert.throws(() => writer.write(closing), { code: "EBADF" });
      other.writer().write({ price: 3, volume: 4 });
      assert.deepEqual(other.reader().tryRead(), { price: 3, volume: 4 });
      other.close();
      LatestValue.unlink(name);
    }
  });

  it("reads and writes values of a type of any making", () => {
    const name = uniqueName("quote");
    const latest = LatestValue.create(name, { type: Quote, unlinkOnClose: true });
    const [writer, reader] = [latest.writer(), LatestValue.open(name, { type: Quote }).reader()];
    assert.equal(latest.size, 16);
    writer.write({ price: 101.5, volume: 7 });
    const first: Quote | undefined = reader.tryRead();
    assert.deepEqual(first, { price: 101.5, volume: 7 });
    assert.throws(() => writer.write({ volume: 8 } as Quote), TypeError);
    assert.equal(reader.tryNext(), undefined, "nothing was published");
    writer.write({ price: 102.5, volume: 9 });
    assert.deepEqual(reader.tryNext(), { price: 102.5, volume: 9 });
    assert.equal(LatestValue.open(name).reader().tryRead()?.length, 16, "as bytes, too");
    latest.close();
  });

  it("writes whatever a struct is written from, by its type, too, and reads plain values", () => {
    const Level = struct({ price: "f64", quantity: "f64" });
    const Book = struct({ numbers: array("f64", 2), levels: array(Level, 2) });
    const latest = LatestValue.create(uniqueName("given"), { type: Book, unlinkOnClose: true });
    const [writer, reader] = [latest.writer(), latest.reader()];
    const levels = [
      { price: 1, quantity: 2 },
      { price: 3, quantity: 4 },
    ] as const;
    const book = Book.over(new ArrayBuffer(Book.size));
    book.levels.write(levels);
    for (const value of [
      { numbers: new Float64Array([5, 6]), levels },
      { numbers: [5, 6] as const, levels: book.levels },
    ]) {
      writer.write(value);
      const plain: Infer<typeof Book> | undefined = reader.tryRead();
      assert.deepEqual(plain, { numbers: [5, 6], levels });
    }
    // @ts-expect-error: texts for numbers
    assert.throws(() => writer.write({ numbers: ["5", "6"], levels }), TypeError);
    latest.close();
  });

  it("refuses a type of another size, and what is no type", () => {
    const { name, latest } = makeLatest("other", { size: 8 });
    assert.throws(() => LatestValue.open(name, { type: Quote }), { code: "EINVAL" });
    for (const type of [5, {}, { size: 8 }, { ...Quote, size: "8" }]) {
      assert.throws(() => LatestValue.open(name, { type: type as unknown as typeof Quote }), TypeError);
    }
    for (const type of [5, {}, { size: 8 }, { ...Quote, size: "8" }]) {
      assert.throws(() => LatestValue.openOrCreate(name, { type } as never), TypeError);
      assert.throws(() => LatestValue.byteSize({ type } as never), TypeError);
    }
    latest.close();
  });

  it("takes a size or a type, by its types, too", () => {
    const name = uniqueName("one");
    const neither = { name: "TypeError", message: /needs a size, in bytes, or a type/ };
    // @ts-expect-error: neither
    assert.throws(() => LatestValue.create(name, {}), neither);
    // @ts-expect-error: neither
    assert.throws(() => LatestValue.openOrCreate(name, { buffers: 8 }), neither);
    // @ts-expect-error: neither
    assert.throws(() => LatestValue.byteSize({}), neither);
    const both = { name: "TypeError", message: "give size or type, not both" };
    // @ts-expect-error: both
    assert.throws(() => LatestValue.create(name, { size: 16, type: Quote }), both);
    // @ts-expect-error: both
    assert.throws(() => LatestValue.openOrCreate(name, { size: 16, type: Quote }), both);
    // @ts-expect-error: both
    assert.throws(() => LatestValue.byteSize({ size: 16, type: Quote }), both);
    const bytes: LatestValue = LatestValue.create(name, { size: 16, unlinkOnClose: true });
    const quotes: LatestValue<Quote, Quote> = LatestValue.openOrCreate(name, { type: Quote });
    for (const latest of [quotes, bytes]) latest.close();
  });
});

describe("names and options", () => {
  after(cleanUp);

  it("create is exclusive, open needs one, openOrCreate tells", () => {
    const { name, latest } = makeLatest("names", { size: 24, buffers: 16, checksum: true });
    assert.throws(() => LatestValue.create(name, { size: 24 }), { code: "EEXIST" });
    const same = LatestValue.openOrCreate(name, { size: 24 });
    assert.deepEqual([same.created, same.size, same.buffers, same.checksum], [false, 24, 16, true]);
    assert.equal(latest.created, true);
    same.close();
    latest.close();
    assert.throws(() => LatestValue.open(name), { code: "ENOENT" });
    const made = LatestValue.openOrCreate(name, { size: 8 });
    assert.deepEqual([made.created, made.size, made.checksum], [true, 8, false]);
    assert.deepEqual([LatestValue.unlink(name), LatestValue.unlink(name)], [true, false]);
    made.close();
  });

  it("openOrCreate takes nothing but what was asked for, and says both values", () => {
    const { name, latest } = makeLatest("asked", { size: 16, buffers: 16 });
    for (const [options, message] of [
      [{ size: 1000 }, /it exists with size 16, 1000 asked\)$/],
      [{ size: 16, buffers: 4 }, /it exists with buffers 16, 4 asked\)$/],
      [{ size: 16, checksum: true }, /it exists with checksum false, true asked\)$/],
      [{ size: 8, buffers: 8, unlinkOnClose: true }, /size 16, 8 asked; buffers 16, 8 asked\)$/],
    ] as const) {
      assert.throws(() => LatestValue.openOrCreate(name, options), { code: "EINVAL", message });
    }
    LatestValue.openOrCreate(name, { type: Quote, buffers: 16, checksum: false }).close();
    LatestValue.open(name).close();
    latest.close();
  });

  it("asks for the same options where one exists and where none does", () => {
    const { name, latest } = makeLatest("options", { size: 8 });
    for (const options of [{ size: 0 }, { size: 8, buffers: 6 }, { size: 8, spinMs: -1 }])
      assert.throws(() => LatestValue.openOrCreate(name, options), RangeError, JSON.stringify(options));
    for (const options of [{}, { buffers: 8 }, { size: 8, readOnly: true }, { size: 8, type: Quote }])
      assert.throws(() => LatestValue.openOrCreate(name, options as never), TypeError, JSON.stringify(options));
    for (const options of [{ size: 8 }, { timeout: 5 }, null])
      assert.throws(() => LatestValue.open(name, options as never), TypeError, JSON.stringify(options));
    assert.throws(() => LatestValue.open(name, { spinMs: -1 }), RangeError);
    latest.close();
  });

  it("refuses what is something else", async () => {
    const { SpscRing } = await import("../../mod.ts");
    const name = uniqueName("ring");
    const ring = SpscRing.create(name, { capacity: 64, unlinkOnClose: true });
    assert.throws(() => LatestValue.open(name), { code: "EINVAL" });
    ring.close();
  });

  it("refuses wrong options before anything is made", () => {
    const name = uniqueName("wrong");
    const amounts = [{ size: 0 }, { size: 2 ** 28 + 1 }, { size: 1.5 }, { size: 2 ** 28, buffers: 64 }];
    const buffers = [{ buffers: 2 }, { buffers: 6 }, { buffers: 2048 }].map((more) => ({ size: 8, ...more }));
    const uses = [{ mode: 0o1000 }, { spinMs: -1 }, { ordering: "any" as "auto" }].map((more) => ({
      size: 8,
      ...more,
    }));
    for (const options of [...amounts, ...buffers, ...uses]) {
      assert.throws(() => LatestValue.create(name, options), RangeError, JSON.stringify(options));
    }
    const kinds = [{}, { size: "8" }, { size: 8, checksum: 1 }, { size: 8, ordering: true }, { size: 8, bufers: 8 }];
    for (const options of [...kinds, undefined, null]) {
      assert.throws(() => LatestValue.create(name, options as never), TypeError, JSON.stringify(options));
    }
    assert.deepEqual(ownObjects(), []);
  });

  it("byteSize grows with size and buffers, and with checksums", () => {
    assert.equal(LatestValue.byteSize({ size: 100, buffers: 4 }), 0x200 + 4 * 128);
    assert.equal(LatestValue.byteSize({ size: 113, buffers: 4 }), 0x200 + 4 * 256);
    assert.equal(LatestValue.byteSize({ type: Quote, buffers: 8 }), 0x200 + 8 * 128);
    assert.equal(LatestValue.byteSize({ size: 100, buffers: 4, checksum: true }), 0x400 + 4096 + 2 * (128 + 4096));
    assert.throws(() => LatestValue.byteSize({ size: 100, mode: 0o600 } as never), TypeError);
  });

  it("is less than 2 GiB, with a page to spare", () => {
    const most = (2 ** 31 - 4096 - layout.FIRST_BUFFER) / 8;
    const size = Math.floor(most / 128) * 128 - layout.BYTES;
    assert.equal(LatestValue.byteSize({ size, buffers: 8 }), 2 ** 31 - 4096 - 512);
    assert.throws(() => LatestValue.byteSize({ size: size + 1, buffers: 8 }), RangeError);
  });
});

describe("the writer's role", () => {
  after(cleanUp);

  it("is held by one at a time, and passes on with the value and its version", () => {
    const { name, latest, writer, reader } = makeBoth("role", { size: 8 });
    const other = LatestValue.open(name);
    assert.throws(() => latest.writer(), { code: "EBUSY" });
    assert.throws(() => other.writer(), { code: "EBUSY" });
    writer.write(bytes("mine"));
    writer.close();
    const next = other.writer();
    assert.deepEqual([text(reader.tryRead()), next.version], ["mine", 1]);
    next.write(bytes("its"));
    assert.deepEqual([text(reader.tryRead()), reader.version], ["its", 2]);
    other.close();
    latest.close();
  });

  it("close ends writer and readers, twice is fine, and the memory stays by its name", () => {
    const name = uniqueName("close");
    const latest = LatestValue.create(name, { size: 8 });
    const [writer, reader] = [latest.writer(), latest.reader()];
    writer.write(bytes("stays"));
    for (const one of [writer, writer, reader, reader]) one.close();
    for (const use of [() => writer.write(bytes("x")), () => writer.commit(1), () => reader.tryRead()]) {
      assert.throws(use, { code: "EBADF" });
    }
    const more = [() => writer.claimAt(), () => writer.sync()];
    for (const use of [() => reader.peekAt(), () => reader.confirm(), () => reader.tryNext(), ...more]) {
      assert.throws(use, { code: "EBADF" });
    }
    const [left, held] = [latest.reader(), latest.writer()];
    latest.close();
    latest.close();
    for (const use of [
      () => left.tryRead(),
      () => held.write(bytes("x")),
      () => latest.reader(),
      () => latest.writer(),
    ])
      assert.throws(use, { code: "EBADF" });
    const again = LatestValue.open(name);
    assert.equal(text(again.reader().tryRead()), "stays");
    again[Symbol.dispose]();
    LatestValue.unlink(name);
  });
});
