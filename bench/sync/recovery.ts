// Recovery: from kill -9 of the holder to the line after `await lock()` in the one who waits for it.
import { spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { Mutex } from "../../mod.ts";
import { nowNs } from "../ring/clock.ts";
import type { Job } from "../ring/job.ts";
import { NANOSECONDS_PER_MS } from "../ring/paced.ts";
import { Samples } from "../ring/samples.ts";

/** Compiled, as we are. */
const victimPath = fileURLToPath(new URL("victim.js", import.meta.url));
/** Starting a victim takes a runtime's start each time. */
const KILLS_LEAST = 5;

export async function measureRecovery(job: Job): Promise<void> {
  const mutex = Mutex.create(`${job.name}-mutex`, { unlinkOnClose: true });
  const samples = new Samples();
  const parameters = [...("Deno" in globalThis ? ["run", "--allow-all"] : []), victimPath];
  const end = nowNs() + job.measureMs * NANOSECONDS_PER_MS;
  for (let kills = 0; kills < KILLS_LEAST || nowNs() < end; kills++) {
    const victim = spawn(process.execPath, [...parameters, `${job.name}-mutex`], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(victim.stdout, "data");
    const locking = mutex.lock();
    await new Promise((resolve) => setTimeout(resolve, 5));
    const before = nowNs();
    victim.kill("SIGKILL");
    const guard = await locking;
    samples.add(nowNs() - before);
    if (guard.recovered?.pid !== victim.pid) throw new Error("the lock does not say who died");
    guard.repaired();
    guard.unlock();
  }
  samples.print();
  mutex.close();
}
