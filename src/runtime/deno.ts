// Backend for Deno: Deno.dlopen with V8 fast calls; about 4 ns a call. Needs --allow-ffi, which may name the library.

import type { LoadCalls } from "./backend.ts";
import { type Calls, type SymbolRow, symbols } from "./symbols.ts";

type Dlopen = (
  path: string,
  table: Record<string, { name: string; parameters: string[]; result: string }>,
) => {
  symbols: unknown;
};

interface Permissions {
  querySync(what: object): { state: "granted" | "prompt" | "denied" };
}

type Permission = { name: "env"; variable: string } | { name: "read" | "ffi"; path: string };

/**
 * Whether this may be done without asking anybody; always so in the other runtimes. What is only for some is not asked
 * for: `--allow-ffi` is enough.
 */
export function isGranted(what: Permission): boolean {
  const { Deno } = globalThis as unknown as { Deno?: { permissions: Permissions } };
  return Deno === undefined || Deno.permissions.querySync(what).state === "granted";
}

export const loadDeno: LoadCalls = (path) => {
  const { dlopen } = (globalThis as unknown as { Deno: { dlopen: Dlopen } }).Deno;
  const table: Record<string, { name: string; parameters: string[]; result: string }> = {};
  for (const [name, row] of Object.entries<SymbolRow>(symbols)) {
    table[name] = { name: `lipc_${name}`, parameters: Array(row.arguments).fill("f64"), result: row.result };
  }
  return dlopen(path, table).symbols as Calls;
};
