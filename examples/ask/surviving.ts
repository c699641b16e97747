// What both programs of the example do when the other one is killed: say so, and wait for the next one.
import { PeerDiedError } from "@linux-ipc/core";

/**
 * Does it, and does it again when the other one has died. The error comes once for each death, and to each new process
 * once more: the dead may be of a former time. What waits in a ring is still there for the next one.
 */
export async function survivingPeers<T>(attempt: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof PeerDiedError)) throw error;
      console.error(`The other one (process ${error.pid || "unknown"}) has died. Waiting for the next one.`);
    }
  }
}
