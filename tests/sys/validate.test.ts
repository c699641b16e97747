// Arguments: refused with the value in the text, and before the library is even loaded.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { Mutex, type Participants, Peer, SharedMemory } from "../../mod.ts";
import { asBytes, checkDuration, checkInteger, checkMode, checkOptions, withArticle } from "../../src/sys/validate.ts";
import { cleanUp, foreign, ownRuntime, runPeer } from "../support/mod.ts";

const peer = new URL("./bad_arguments.ts", import.meta.url);

describe("checks of arguments", () => {
  it("a whole number in the range is returned", () => {
    for (const value of [0, 1, 10]) assert.equal(checkInteger(value, "size", 0, 10), value);
  });

  it("another kind of value is a TypeError that names it", () => {
    const kinds: [unknown, RegExp][] = [
      ["12", /size must be a number, not string 12/],
      [12n, /size must be a number, not bigint 12/],
      [undefined, /size must be a number, not undefined/],
      [null, /size must be a number, not null/],
      [true, /size must be a number, not boolean true/],
      [{}, /size must be a number, not an Object/],
      [() => 1, /size must be a number, not a Function/],
      [Object.create(null), /size must be a number, not/],
      [Symbol("s"), /size must be a number, not symbol/],
    ];
    for (const [value, message] of kinds) {
      assert.throws(() => checkInteger(value, "size", 0, 10), { name: "TypeError", message });
    }
  });

  it("another amount is a RangeError that names it and the limits", () => {
    for (const value of [-1, 11, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 60]) {
      const expected = { name: "RangeError", message: `size must be a whole number from 0 to 10, not ${value}` };
      assert.throws(() => checkInteger(value, "size", 0, 10), expected);
    }
  });

  it("says which number it must be where there is only one", () => {
    assert.equal(checkInteger(0, "priority", 0, 0), 0);
    assert.throws(() => checkInteger(1, "priority", 0, 0), {
      name: "RangeError",
      message: "priority must be 0, not 1",
    });
  });

  it("a duration is a number that is not negative", () => {
    for (const value of [0, 0.5, 1e9, Number.POSITIVE_INFINITY]) assert.equal(checkDuration(value, "timeoutMs"), value);
    for (const value of [-1, Number.NaN, Number.NEGATIVE_INFINITY]) {
      assert.throws(() => checkDuration(value, "timeoutMs"), { name: "RangeError", message: /timeoutMs.*not (-|NaN)/ });
    }
    assert.throws(() => checkDuration("5", "timeoutMs"), { name: "TypeError", message: /not string 5/ });
  });

  it("a mode has nine bits", () => {
    assert.equal(checkMode(0o640), 0o640);
    for (const value of [-1, 0o10000, 0.5]) {
      const message = `mode must be a whole number from 0 to 0o777, not ${value}`;
      assert.throws(() => checkMode(value), { name: "RangeError", message });
    }
    assert.throws(() => checkMode("640"), { name: "TypeError", message: "mode must be a number, not string 640" });
  });

  it("a mode that looks like an octal number without its prefix is told so", () => {
    const message = "mode must be a whole number from 0 to 0o777, not 666 (modes are octal: 0o666)";
    assert.throws(() => checkMode(666), { name: "RangeError", message });
  });

  it("an unknown option is refused with the names of the known ones", () => {
    checkOptions({ size: 1 }, ["size", "mode"], "SharedMemory.create");
    checkOptions(undefined, [], "x");
    const message = 'SharedMemory.create has no option "siez" (it has size, mode)';
    assert.throws(() => checkOptions({ siez: 1 }, ["size", "mode"], "SharedMemory.create"), {
      name: "TypeError",
      message,
    });
    for (const [value, shown] of [
      [null, "null"],
      [5, "number 5"],
      ["size", "string size"],
      [() => 1, "a Function"],
    ]) {
      const refused = { name: "TypeError", message: `x takes an options object, not ${shown}` };
      assert.throws(() => checkOptions(value as unknown as object, ["size"], "x"), refused);
    }
  });

  it("an instance of another copy of the library is called one", () => {
    const another = { Participants: class Participants {} };
    const stranger = new another.Participants() as Participants;
    const message = /, not a Participants of another copy of this library$/;
    assert.throws(() => Peer.ofParticipant(stranger, 1), { name: "TypeError", message });
    const memory = SharedMemory.anonymous({ size: 128 });
    assert.throws(() => Mutex.over(memory, 0, { participants: stranger }), { name: "TypeError", message });
    assert.throws(() => Mutex.over(memory, 0, {} as { participants: Participants }), { message: /, not undefined$/ });
    memory.close();
  });

  it("nouns and names of classes get the article that they sound like", () => {
    const an = ["event", "rwlock", "SPSC ring", "Object", "Array", "Int32Array", "AsyncFunction"];
    const a = ["once", "ring", "mutex", "semaphore", "latest value", "Uint8Array", "Struct", "Function"];
    for (const noun of an) assert.equal(withArticle(noun), `an ${noun}`);
    for (const noun of a) assert.equal(withArticle(noun), `a ${noun}`);
  });

  it("bytes are taken from any view or buffer without a copy, and from nothing else", () => {
    const buffer = new ArrayBuffer(16);
    const bytes = new Uint8Array(buffer);
    assert.equal(asBytes(bytes, "a message"), bytes);
    for (const view of [new DataView(buffer, 4, 8), new Float64Array(buffer, 8, 1), new Int16Array(buffer, 2, 3)]) {
      const result = asBytes(view, "a message");
      assert.deepEqual([result.buffer, result.byteOffset, result.length], [buffer, view.byteOffset, view.byteLength]);
    }
    assert.equal(asBytes(buffer, "a message").length, 16);
    for (const value of ["text", 5, null, undefined, [1, 2], {}])
      assert.throws(() => asBytes(value, "a value"), { name: "TypeError", message: /^a value must be an ArrayBuffer/ });
  });

  it("bytes that are gone are refused, and none are no bytes that are gone", () => {
    type Kind = new (buffer: ArrayBuffer, byteOffset?: number, length?: number) => ArrayBufferView;
    const kinds: Kind[] = [Uint8Array, Float64Array, BigInt64Array, DataView];
    const refused = { name: "TypeError", message: /^a value must have its bytes/ };
    for (const Kind of kinds) {
      const [detached, cut] = [new ArrayBuffer(16), new ArrayBuffer(16, { maxByteLength: 16 })];
      const views = [new Kind(detached), new Kind(detached, 8), new Kind(detached, 0, 0), new Kind(cut, 8)];
      const none = [new Kind(new ArrayBuffer(8), 8), new Kind(new ArrayBuffer(0)), new Kind(cut, 0, 0)];
      structuredClone(detached, { transfer: [detached] });
      cut.resize(4);
      for (const view of [...views, detached]) assert.throws(() => asBytes(view, "a value"), refused, Kind.name);
      for (const view of none) assert.equal(asBytes(view, "a value").length, 0);
    }
    assert.equal(asBytes(new ArrayBuffer(0), "a value").length, 0);
    assert.equal(asBytes(new Uint8Array(new SharedArrayBuffer(0)), "a value").length, 0);
  });
});

describe("bytes of another realm", () => {
  it("are taken as ours are: any view or buffer, not copied", () => {
    const buffer = new foreign.ArrayBuffer(16);
    assert.ok(!(buffer instanceof ArrayBuffer));
    const views = [new foreign.DataView(buffer, 4, 8), new foreign.Float64Array(buffer, 8, 1), new DataView(buffer, 1)];
    for (const view of [...views, new foreign.Int8Array(buffer, 2, 3), new foreign.Uint8Array(buffer, 5)]) {
      const result = asBytes(view, "a message");
      assert.deepEqual([result.buffer, result.byteOffset, result.length], [buffer, view.byteOffset, view.byteLength]);
    }
    const bytes = new foreign.Uint8Array(8);
    assert.equal(asBytes(bytes, "a message"), bytes);
    assert.equal(asBytes(buffer, "a message").buffer, buffer);
    for (const none of [new foreign.ArrayBuffer(0), new foreign.Uint8Array(0), new foreign.DataView(buffer, 16)])
      assert.equal(asBytes(none, "a message").length, 0);
  });

  it("that are gone are refused", () => {
    const refused = { name: "TypeError", message: /^a value must have its bytes/ };
    type Kind = new (buffer: ArrayBuffer, byteOffset?: number) => ArrayBufferView;
    const kinds: Kind[] = [foreign.Uint8Array, foreign.Float64Array, foreign.DataView];
    for (const Kind of kinds) {
      const [detached, cut] = [new foreign.ArrayBuffer(16), new foreign.ArrayBuffer(16, { maxByteLength: 16 })];
      const gone = [new Kind(detached), new Kind(detached, 8), new Kind(cut, 8), detached];
      structuredClone(detached, { transfer: [detached] });
      cut.resize(4);
      for (const bytes of gone) assert.throws(() => asBytes(bytes, "a value"), refused, Kind.name);
    }
  });

  it("are nothing that only looks so", () => {
    const buffer = new foreign.ArrayBuffer(4);
    const none = [
      new foreign.SharedArrayBuffer(4),
      new Proxy(buffer, {}),
      new Proxy(new foreign.Uint8Array(4), {}),
      Object.create(foreign.ArrayBuffer.prototype),
      Object.create(foreign.DataView.prototype),
      { [Symbol.toStringTag]: "ArrayBuffer", byteLength: 4, detached: false },
      { [Symbol.toStringTag]: "Uint8Array", buffer, byteOffset: 0, byteLength: 4, length: 4 },
    ];
    for (const value of none)
      assert.throws(() => asBytes(value, "a value"), { name: "TypeError", message: /^a value must be an ArrayBuffer/ });
  });
});

describe("bad arguments", () => {
  after(cleanUp);

  it("are refused before any system call: the library is not even loaded", async () => {
    const environment = { LINUX_IPC_LIBRARY: "/nowhere/linux-ipc.so" };
    const end = await runPeer(ownRuntime, peer, [], { environment });
    assert.equal(end.code, 0, end.stderr);
    const wrong = end.stdout.split("\n").filter((line) => line !== "");
    assert.deepEqual(wrong, ["checked"]);
  });
});
