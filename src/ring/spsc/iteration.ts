// Iteration over a ring: each message as it comes, without starving the event loop.

import { setImmediate } from "node:timers";

/** How many messages are handed out in a row before timers and input get their turn. */
const TURN_MESSAGES = 256;

/** What an iteration needs of a consumer. */
interface Source {
  readonly ended: boolean;
  receive(): Promise<Uint8Array | undefined>;
}

/** Ends where the producer has closed; throws where it was killed or the consumer was closed. */
export async function* messagesOf(source: Source): AsyncGenerator<Uint8Array, void, void> {
  for (let count = 1; ; count++) {
    if (count % TURN_MESSAGES === 0) await new Promise((resolve) => setImmediate(resolve));
    if (source.ended) return;
    let message: Uint8Array | undefined;
    try {
      message = await source.receive();
    } catch (error) {
      if (source.ended) return;
      throw error;
    }
    if (message !== undefined) yield message;
  }
}
