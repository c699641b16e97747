// The peer of liveness.test.ts: holds a mutex and a ring's role until it is killed or told, or awaits a death itself.

import process from "node:process";
import { Event, Mutex, Peer, SpscRing } from "../../mod.ts";

const [first, second, go] = process.argv.slice(2);
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
  if (go === undefined) setInterval(() => {}, 1e6);
  else {
    const event = Event.open(go);
    await event.wait();
    await new Promise((resolve) => setTimeout(resolve, 100)); // until the other side blocks
    for (const object of [ring, mutex, event]) object.close();
  }
}
