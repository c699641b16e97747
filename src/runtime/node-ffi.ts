// Backend for Node 26 and newer: node:ffi (experimental, prints a warning); about 3 ns a call.

import type { LoadCalls } from "./backend.ts";
import { type Calls, type SymbolRow, symbols } from "./symbols.ts";

interface NodeFfi {
  dlopen(
    path: string,
    table: Record<string, { arguments: string[]; return: string }>,
  ): {
    functions: Record<string, (...values: number[]) => number>;
  };
}

export const loadNodeFfi: LoadCalls = (path) => {
  const ffi = process.getBuiltinModule("node:ffi") as unknown as NodeFfi | undefined;
  if (ffi === undefined) {
    throw new Error(
      `Cannot load linux-ipc: LINUX_IPC_BACKEND=node-ffi needs node:ffi of Node 26, this is ${process.version}`,
    );
  }
  const table: Record<string, { arguments: string[]; return: string }> = {};
  for (const [name, row] of Object.entries<SymbolRow>(symbols)) {
    table[`lipc_${name}`] = { arguments: Array(row.arguments).fill("f64"), return: row.result };
  }
  const { functions } = ffi.dlopen(path, table);
  const calls: Record<string, (...values: number[]) => number> = {};
  for (const name of Object.keys(symbols)) calls[name] = functions[`lipc_${name}`];
  return calls as Calls;
};
