// Takes the mutex and waits to be killed.
import process from "node:process";
import { Mutex } from "../../mod.ts";

const guard = Mutex.open(process.argv[2] as string).lockSync();
console.log("held");
setInterval(() => guard?.recovered, 60_000);
