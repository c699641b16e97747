// A peer of file_lock.test.ts: holds byte 1 and waits for byte 0, so that whoever does the reverse is in a deadlock.

import process from "node:process";
import { FileLock } from "../../mod.ts";

const file = FileLock.open(process.argv[2], { kind: "posix" });
file.lockSync({ offset: 1, length: 1 });
console.log("locked 1");
await file.lock({ offset: 0, length: 1 });
console.log("locked 0");
file.close();
