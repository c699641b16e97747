// Backend for Node without any FFI, the default there: arguments and result travel through the scratch block.

import { ARGUMENT_SLOT, type LoadCalls, RESULT_SLOT } from "./backend.ts";
import { type Calls, type SymbolRow, symbols } from "./symbols.ts";

type Wrapper = (call: () => void, slots: Float64Array) => (...values: number[]) => number;

/** One wrapper for each number of arguments: a rest parameter would allocate an array at every call. */
const wrappers: Record<SymbolRow["arguments"], Wrapper> = {
  0: (call, slots) => () => {
    call();
    return slots[RESULT_SLOT];
  },
  1: (call, slots) => (a) => {
    slots[ARGUMENT_SLOT] = a;
    call();
    return slots[RESULT_SLOT];
  },
  2: (call, slots) => (a, b) => {
    slots[ARGUMENT_SLOT] = a;
    slots[ARGUMENT_SLOT + 1] = b;
    call();
    return slots[RESULT_SLOT];
  },
  3: (call, slots) => (a, b, c) => {
    slots[ARGUMENT_SLOT] = a;
    slots[ARGUMENT_SLOT + 1] = b;
    slots[ARGUMENT_SLOT + 2] = c;
    call();
    return slots[RESULT_SLOT];
  },
  4: (call, slots) => (a, b, c, d) => {
    slots[ARGUMENT_SLOT] = a;
    slots[ARGUMENT_SLOT + 1] = b;
    slots[ARGUMENT_SLOT + 2] = c;
    slots[ARGUMENT_SLOT + 3] = d;
    call();
    return slots[RESULT_SLOT];
  },
  6: (call, slots) => (a, b, c, d, e, f) => {
    slots[ARGUMENT_SLOT] = a;
    slots[ARGUMENT_SLOT + 1] = b;
    slots[ARGUMENT_SLOT + 2] = c;
    slots[ARGUMENT_SLOT + 3] = d;
    slots[ARGUMENT_SLOT + 4] = e;
    slots[ARGUMENT_SLOT + 5] = f;
    call();
    return slots[RESULT_SLOT];
  },
};

export const loadNodeApi: LoadCalls = (_path, face, scratch) => {
  const functions = face as unknown as Record<string, () => void>;
  const calls: Record<string, (...values: number[]) => number> = {};
  for (const [name, row] of Object.entries<SymbolRow>(symbols)) {
    calls[name] = wrappers[row.arguments](functions[name], scratch);
  }
  return calls as Calls;
};
