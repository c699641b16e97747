// A small reader of ELF files: what a shared library needs, offers and expects to find elsewhere.
//
// Only what the shim is: 64 bit, little endian, with section headers (strip keeps those of dynamic symbols).

const SECTION_DYNSYM = 11;
const SECTION_DYNAMIC = 6;
const SEGMENT_STACK = 0x6474e551;
const DYNAMIC_NEEDED = 1;
const DYNAMIC_SONAME = 14;
const DYNAMIC_TEXTREL = 22;
const DYNAMIC_FLAGS_1 = 0x6ffffffb;
const FLAG_NODELETE = 8;
const machines = { 62: "x86_64", 183: "aarch64" };
const bindings = ["local", "global", "weak"];

function header(bytes) {
  if (bytes.length < 64 || bytes.readUInt32BE(0) !== 0x7f454c46) throw new Error("not an ELF file");
  if (bytes[4] !== 2 || bytes[5] !== 1) throw new Error("not a 64-bit little-endian ELF file");
  const machine = bytes.readUInt16LE(18);
  return {
    isSharedObject: bytes.readUInt16LE(16) === 3,
    machine: machines[machine] ?? `machine ${machine}`,
    segments: {
      offset: Number(bytes.readBigUInt64LE(32)),
      size: bytes.readUInt16LE(54),
      count: bytes.readUInt16LE(56),
    },
    sections: {
      offset: Number(bytes.readBigUInt64LE(40)),
      size: bytes.readUInt16LE(58),
      count: bytes.readUInt16LE(60),
    },
  };
}

function sections(bytes, { offset, size, count }) {
  return Array.from({ length: count }, (_, index) => {
    const at = offset + index * size;
    return {
      type: bytes.readUInt32LE(at + 4),
      offset: Number(bytes.readBigUInt64LE(at + 24)),
      size: Number(bytes.readBigUInt64LE(at + 32)),
      link: bytes.readUInt32LE(at + 40),
    };
  });
}

function text(bytes, strings, index) {
  const start = strings.offset + index;
  return bytes.toString("latin1", start, bytes.indexOf(0, start));
}

function readSymbols(bytes, all) {
  const found = all.find((section) => section.type === SECTION_DYNSYM);
  if (!found) return [];
  const symbols = [];
  for (let at = found.offset + 24; at < found.offset + found.size; at += 24) {
    symbols.push({
      name: text(bytes, all[found.link], bytes.readUInt32LE(at)),
      binding: bindings[bytes[at + 4] >> 4] ?? "other",
      isDefined: bytes.readUInt16LE(at + 6) !== 0,
    });
  }
  return symbols;
}

function readDynamic(bytes, all) {
  const found = all.find((section) => section.type === SECTION_DYNAMIC);
  if (!found) return [];
  const entries = [];
  for (let at = found.offset; at < found.offset + found.size; at += 16) {
    const tag = Number(bytes.readBigUInt64LE(at));
    if (tag === 0) break;
    const value = Number(bytes.readBigUInt64LE(at + 8));
    const isName = tag === DYNAMIC_NEEDED || tag === DYNAMIC_SONAME;
    entries.push({ tag, value, text: isName ? text(bytes, all[found.link], value) : "" });
  }
  return entries;
}

function hasExecutableStack(bytes, { offset, size, count }) {
  for (let index = 0; index < count; index++) {
    const at = offset + index * size;
    if (bytes.readUInt32LE(at) === SEGMENT_STACK) return (bytes.readUInt32LE(at + 4) & 1) === 1;
  }
  return true; // without the segment, the loader makes the stack executable
}

/**
 * Reads a shared library from a Buffer.
 * `needed`: names of libraries that it asks for. `exported`, `undefined`, `weakUndefined`: names of symbols.
 */
export function readElf(bytes) {
  const head = header(bytes);
  const all = sections(bytes, head.sections);
  const symbols = readSymbols(bytes, all);
  const dynamic = readDynamic(bytes, all);
  const names = (filter) => symbols.filter(filter).map((symbol) => symbol.name);
  return {
    machine: head.machine,
    isSharedObject: head.isSharedObject,
    needed: dynamic.filter((entry) => entry.tag === DYNAMIC_NEEDED).map((entry) => entry.text),
    hasTextRelocations: dynamic.some((entry) => entry.tag === DYNAMIC_TEXTREL),
    staysLoaded: dynamic.some(({ tag, value }) => tag === DYNAMIC_FLAGS_1 && (value & FLAG_NODELETE) !== 0),
    hasExecutableStack: hasExecutableStack(bytes, head.segments),
    exported: names((symbol) => symbol.isDefined && symbol.binding !== "local"),
    undefined: names((symbol) => !symbol.isDefined && symbol.binding === "global"),
    weakUndefined: names((symbol) => !symbol.isDefined && symbol.binding === "weak"),
  };
}
