// Check: the symbol table, the C header and the symbols of both libraries say the same.
import { existsSync, readFileSync } from "node:fs";
import { readElf } from "../elf.mjs";
import { program } from "../setup/programs.mjs";
import { capture } from "../shared/child.mjs";
import { inProject } from "../shared/paths.mjs";
import { readSource } from "../shared/sources.mjs";
import { libraryName, targets } from "../shim/fingerprint.mjs";
import { libraryProblems } from "../shim/verify.mjs";

export const title = "symbols (table, header, libraries)";

const results = { int32_t: "i32", double: "f64" };
const prototype = /LIPC_EXPORT\s+(\w+)\s+lipc_(\w+)\s*\(([^)]*)\)\s*;/g;

/** The table and the ABI number, read by a runtime that understands TypeScript. */
async function readTable() {
  const script = `import("./src/runtime/symbols.ts").then((all) => console.log(JSON.stringify([all.symbols, all.ABI_VERSION])))`;
  const { code, stdout, output } = await capture(program("node"), ["-e", script]);
  if (code !== 0) throw new Error(`src/runtime/symbols.ts cannot be read: ${output}`);
  const [symbols, abiVersion] = JSON.parse(stdout);
  const rows = Object.entries(symbols).map(([name, row]) => ({ name, result: row.result, arguments: row.arguments }));
  return { rows, abiVersion };
}

function readHeader() {
  const source = readSource("shim/linux_ipc_shim.h").replace(/\/\*[\s\S]*?\*\//g, "");
  const rows = [...source.matchAll(prototype)].map(([, result, name, list]) => {
    const parameters = list.trim() === "void" ? [] : list.split(",").map((text) => text.trim());
    return { name, result: results[result] ?? result, arguments: parameters.length, parameters };
  });
  return { rows, abiVersion: Number(source.match(/#define\s+LIPC_ABI_VERSION\s+(\d+)/)?.[1]) };
}

/** The rows from which the Node-API face makes its wrappers. */
function readFace() {
  const rows = readSource("shim/environment.c").matchAll(/\bROW\((\w+), (\d+)\)/g);
  return [...rows].map(([, name, count]) => ({ name, arguments: Number(count) }));
}

/** The face's rows say nothing of results; a wrong count of arguments would not compile, a missing row would. */
function compareFace(table, face) {
  const missing = table.filter((row) => !face.some((other) => other.name === row.name));
  const extra = face.filter((row) => !table.some((other) => other.name === row.name));
  return [
    ...missing.map((row) => `the Node-API face (shim/environment.c) lacks ${row.name}`),
    ...extra.map((row) => `the Node-API face (shim/environment.c) has ${row.name}, which is not in the table`),
  ];
}

const notDoubles = (rows) =>
  rows
    .filter((row) => row.parameters.some((text) => !/^double \w+$/.test(text)))
    .map((row) => `lipc_${row.name} in the header has a parameter that is not "double name"`);

const describe = (row) => (row === undefined ? "nothing" : `${row.result} ${row.name} with ${row.arguments} arguments`);

/** Both lists must be equal in content and in order. */
function compareRows(table, header) {
  const problems = [];
  const names = new Set([...table, ...header].map((row) => row.name));
  for (const name of names) {
    const [left, right] = [table, header].map((rows) => describe(rows.find((row) => row.name === name)));
    if (left !== right) problems.push(`${name}: the table has ${left}, the header ${right}`);
  }
  const order = table.findIndex((row, index) => row.name !== header[index]?.name);
  if (problems.length === 0 && order >= 0) problems.push(`the order differs from ${table[order].name} on`);
  return problems;
}

function compareLibrary({ cpu, machine }, names) {
  const path = inProject(`native/${libraryName(cpu)}`);
  if (!existsSync(path)) return [`${libraryName(cpu)} is not built`];
  const bytes = readFileSync(path);
  const exported = new Set(readElf(bytes).exported.filter((name) => name.startsWith("lipc_")));
  const missing = names
    .filter((name) => !exported.has(name))
    .map((name) => `${libraryName(cpu)} does not export ${name}`);
  const extra = [...exported].filter((name) => !names.includes(name));
  return [
    ...missing,
    ...extra.map((name) => `${libraryName(cpu)} exports ${name}, which is not in the table`),
    ...libraryProblems(bytes, machine).map((text) => `${libraryName(cpu)}: ${text}`),
  ];
}

export async function check() {
  const [table, header] = [await readTable(), readHeader()];
  const names = table.rows.map((row) => `lipc_${row.name}`);
  const rows = [compareRows(table.rows, header.rows), notDoubles(header.rows), compareFace(table.rows, readFace())];
  const problems = rows.flat();
  if (table.rows.length === 0) problems.push("the table is empty");
  if (table.abiVersion !== header.abiVersion) {
    problems.push(`ABI version: the table says ${table.abiVersion}, the header ${header.abiVersion}`);
  }
  return { problems: [...problems, ...targets.flatMap((target) => compareLibrary(target, names))] };
}
