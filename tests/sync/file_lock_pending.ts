// The process of the ref test of FileLock: nothing but a wait that queues behind another one's claim keeps it alive. PATH

import process from "node:process";
import { FileLock } from "../../mod.ts";

const [path] = process.argv.slice(2);
const [file, holder] = [FileLock.open(path), FileLock.open(path)];
const held = holder.lockSync();
file.unref();
file.lock().then((guard) => guard.unlock());
file.ref();
file.lock().then((guard) => {
  console.log("served");
  guard.unlock();
});
setTimeout(() => held?.unlock(), 300).unref();
