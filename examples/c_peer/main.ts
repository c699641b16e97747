// Shares a mutex with a C program, which waits for it, takes it and dies; see peer.c. Under any runtime:
//
//   cc -std=c11 -I include -o /tmp/peer examples/c_peer/peer.c -pthread
//   bun examples/c_peer/main.ts /tmp/peer
import { spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { setTimeout } from "node:timers/promises";
import { Mutex } from "@linux-ipc/core";

const [program = "/tmp/peer", name = "/linux-ipc-c-peer"] = process.argv.slice(2);
// openOrCreate: one that was killed in a former run has left its mutex here, and perhaps locked.
const mutex = Mutex.openOrCreate(name, { unlinkOnClose: true });
try {
  const guard = await mutex.lock();
  if (guard.recovered) guard.repaired();
  const ended = once(spawn(program, [name], { stdio: "inherit" }), "exit");
  await Promise.race([ended, setTimeout(100)]); // rejects where there is no such program
  console.log("TypeScript gives the mutex back");
  guard.unlock();
  const [, signal] = await ended;
  const healed = await mutex.lock();
  console.log(
    `TypeScript has the mutex again: ${healed.recovered ? `its holder died by ${signal}` : "it was given back"}`,
  );
  healed.repaired(); // after putting right what the dead one left half done
  healed.unlock();
} finally {
  mutex.close(); // and its name is gone
}
