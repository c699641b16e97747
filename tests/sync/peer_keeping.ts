// Awaits what does not come for a while, in a process that lives as long as it should. queued|spurious|control NAME

import process from "node:process";
import { Event } from "../../mod.ts";

const [mode, name] = process.argv.slice(2) as [string, string];
const event = Event.create(name, { unlinkOnClose: true });
const say = () => console.log("set");
if (mode === "queued") {
  event.unref();
  void event.wait();
  event.ref();
  void event.wait({}).then(say); // behind the one that keeps nobody alive
} else {
  void event.wait().then(say);
  event.unref(); // counts from the next wait on
}
if (mode === "spurious") {
  event.set(); // wakes it, and by the time it looks again there is nothing
  event.reset();
}
setTimeout(() => event.set(), 300).unref();
