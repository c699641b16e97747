// What a refused opening leaves behind: nothing.

import assert from "node:assert/strict";
import { readdirSync } from "node:fs";

const countDescriptors = () => readdirSync("/proc/self/fd").length;

/** Each attempt fails with that code, and no descriptor, and so no mapping, stays open. */
export function assertLeavesNothing(code: string, open: () => unknown): void {
  const before = countDescriptors();
  for (let attempt = 0; attempt < 50; attempt++) assert.throws(open, { code });
  assert.ok(countDescriptors() < before + 10, code);
}
