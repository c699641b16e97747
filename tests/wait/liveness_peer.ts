// The peer of liveness.test.ts: holds a mutex and a ring's role until it is killed, or awaits a death itself.

import process from "node:process";
import { Mutex, Peer, SpscRing } from "../../mod.ts";

const [first, second, milliseconds] = process.argv.slice(2);
if (first === "ref" || first === "unref") {
  const peer = Peer.ofPid(Number(second));
  console.log("waiting");
  if (first === "unref") peer.unref().died();
  else console.log(await peer.died());
} else {
  const mutex = Mutex.open(first);
  const ring = SpscRing.open(second);
  mutex.lockSync();
  ring.producer();
  console.log("holding");
  setTimeout(() => ring.close(), Number(milliseconds ?? 1e6)).ref();
  if (milliseconds !== undefined) setTimeout(() => mutex.close(), Number(milliseconds));
}
