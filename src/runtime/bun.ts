// Backend for Bun: bun:ffi, compiled by the engine; about 2 ns a call.

import process from "node:process";
import type { LoadCalls } from "./backend.ts";
import { type Calls, type SymbolRow, symbols } from "./symbols.ts";

type Dlopen = (
  path: string,
  table: Record<string, { args: string[]; returns: string }>,
) => {
  symbols: Record<string, (...values: number[]) => number>;
};

export const loadBun: LoadCalls = (path) => {
  const { dlopen } = process.getBuiltinModule("bun:ffi") as unknown as { dlopen: Dlopen };
  const table: Record<string, { args: string[]; returns: string }> = {};
  for (const [name, row] of Object.entries<SymbolRow>(symbols)) {
    table[`lipc_${name}`] = { args: Array(row.arguments).fill("f64"), returns: row.result };
  }
  const library = dlopen(path, table);
  const calls: Record<string, (...values: number[]) => number> = {};
  for (const name of Object.keys(symbols)) calls[name] = library.symbols[`lipc_${name}`];
  return calls as Calls;
};
