// Iteration over a ring: each message as it comes, to the end of the stream.

import type { OwnBytes } from "../../sys/copy.ts";
import { PeerClosedError } from "../../sys/error.ts";

/** What an iteration needs of a consumer. */
interface Source {
  readonly ended: boolean;
  receive(options?: IterationOptions): Promise<OwnBytes | undefined>;
}

/** Options of `messages`. */
export interface IterationOptions {
  /** Aborting ends the iteration with `signal.reason`. */
  signal?: AbortSignal;
}

/** Ends where the producer has closed, or this consumer while it was iterated; throws where the producer was killed. */
export async function* messagesOf(
  source: Source,
  isOpen: () => boolean,
  options?: IterationOptions,
): AsyncGenerator<OwnBytes, void, void> {
  do {
    if (source.ended) return;
    let message: OwnBytes | undefined;
    const wasOpen = isOpen();
    try {
      message = await source.receive(options);
    } catch (error) {
      const isEnd = error instanceof PeerClosedError && error !== options?.signal?.reason; // a successor may be here by now
      if (isEnd || (wasOpen && !isOpen())) return;
      throw error;
    }
    if (message !== undefined) yield message;
  } while (isOpen());
}
