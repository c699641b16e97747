// Iteration: what one side receives, one after the other, to the end of the stream.

import { PeerClosedError } from "../sys/error.ts";
import { checkOptions } from "../sys/validate.ts";
import { checkAwaitOptions } from "../wait/deadline.ts";

/** Options of `messages` and `values`. */
export interface IterationOptions {
  /** Aborting ends the iteration with `signal.reason`. */
  signal?: AbortSignal | undefined;
}

/** What an iteration needs of who receives. */
interface Source<T> {
  isOpen(): boolean;
  isEnded(): boolean;
  next(): Promise<T | undefined>;
  /** Before the next one is asked for. */
  pause?(): Promise<void>;
}

/**
 * Ends where the other side has closed, or this one while it was iterated; throws where the other was killed. `what`: the
 * method, which refuses bad options at once.
 */
export function iterate<T>(
  source: Source<T>,
  options: IterationOptions | undefined,
  what: string,
): AsyncGenerator<T, void, void> {
  checkOptions(options, ["signal"], what);
  checkAwaitOptions(options, what);
  return received(source, options?.signal);
}

async function* received<T>(source: Source<T>, signal: AbortSignal | undefined): AsyncGenerator<T, void, void> {
  do {
    if (source.isEnded()) return;
    let item: T | undefined;
    const wasOpen = source.isOpen();
    try {
      item = await source.next();
    } catch (error) {
      const isEnd = error instanceof PeerClosedError && error !== signal?.reason; // a successor may be here by now
      if (isEnd || (wasOpen && !source.isOpen())) return;
      throw error;
    }
    if (item !== undefined) yield item;
    if (source.pause !== undefined) await source.pause();
  } while (source.isOpen());
}
