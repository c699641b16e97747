// Backend for Node by koffi, an optional peer dependency: no experimental warning, 25 to 80 ns a call.

import process from "node:process";
import type { LoadCalls } from "./backend.ts";
import { requireBase } from "./module.ts";
import { type Calls, type SymbolRow, symbols } from "./symbols.ts";

interface Koffi {
  load(path: string): { func(name: string, result: string, parameters: string[]): (...values: number[]) => number };
}

function findKoffi(): Koffi {
  try {
    // not imported: webpack replaces each call of an imported createRequire that it cannot follow by undefined
    const { createRequire } = process.getBuiltinModule("node:module");
    return createRequire(requireBase())("koffi") as Koffi;
  } catch (cause) {
    throw new Error("Cannot load linux-ipc: LINUX_IPC_BACKEND=koffi needs the package koffi (npm i koffi)", { cause });
  }
}

export const loadKoffi: LoadCalls = (path) => {
  const library = findKoffi().load(path);
  const calls: Record<string, (...values: number[]) => number> = {};
  for (const [name, row] of Object.entries<SymbolRow>(symbols)) {
    const result = row.result === "i32" ? "int32_t" : "double";
    calls[name] = library.func(`lipc_${name}`, result, Array(row.arguments).fill("double"));
  }
  return calls as Calls;
};
