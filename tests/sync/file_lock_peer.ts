// The peer of file_lock.test.ts: takes a lock in one of the forms, says so, and holds it until it is told or killed.

import process from "node:process";
import { FileLock, type FileLockKind } from "../../mod.ts";

const [path, kind, form, shared, offset, length] = process.argv.slice(2);
const file = FileLock.open(path, { kind: kind as FileLockKind });
const range = kind === "flock" ? {} : { offset: Number(offset), length: Number(length) };
const options = { shared: shared === "shared", ...range };
console.log("waiting");
const guard =
  form === "lock" ? await file.lock(options) : form === "lockSync" ? file.lockSync(options) : file.tryLock(options);
console.log(guard === undefined ? "busy" : "locked");
if (guard === undefined) process.exit(0);
process.stdin.once("data", () => {
  guard.unlock();
  file.close();
  process.exit(0);
});
