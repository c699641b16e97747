// The boot: which run of the kernel this is (shim/boot.c).

import { environment } from "../runtime/environment.ts";

/** 31 bits of random(4)'s boot_id, never 0; or 0 where it cannot be read. */
export function boot(): number {
  return environment().calls.boot();
}
