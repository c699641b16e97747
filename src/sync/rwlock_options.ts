// What a reader-writer lock is made with, and where its bytes say so.

import { checkBoolean } from "../sys/validate.ts";
import { RWLOCK_PREFERS_READERS, RWLOCK_SIZE, VERSION } from "./layout.ts";
import type { ObjectKind } from "./shared_object.ts";

/** What a reader-writer lock is made with. */
export interface RwLockOptions {
  /** Readers pass while a writer waits; false unless said: a waiting writer holds them off, also who reads already. */
  preferReaders?: boolean | undefined;
}

export const rwLockKind: ObjectKind<RwLockOptions> = {
  letters: "RWLK",
  version: VERSION,
  noun: "rwlock",
  optionNames: ["preferReaders"],
  size: ({ preferReaders = false }) => {
    checkBoolean(preferReaders, "preferReaders");
    return RWLOCK_SIZE;
  },
  traits: (view) => ({ preferReaders: view.getInt32(RWLOCK_PREFERS_READERS, true) === 1 }),
  fill: ({ preferReaders }, buffer, base) =>
    new DataView(buffer).setInt32(base + RWLOCK_PREFERS_READERS, preferReaders ? 1 : 0, true),
};
