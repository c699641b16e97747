// What a drain is given: a handler, and how many messages at most.

import { checkFunction, describe } from "../../sys/validate.ts";

/** Is given each message in place: its byte offset, its length in bytes, and its position, which is its id. */
export type DrainHandler = (offset: number, length: number, position: number) => void;

/** Refuses what is no handler or no number of messages, before anything is handed out. */
export function checkDrain(handler: unknown, max: unknown): void {
  checkFunction(handler, "the handler of drain");
  if (typeof max !== "number") throw new TypeError(`drain takes a number of messages, not ${describe(max)}`);
  const isCount = max === Number.POSITIVE_INFINITY || (Number.isInteger(max) && max >= 0);
  if (!isCount) throw new RangeError(`drain takes a whole number of messages from 0 on, or Infinity, not ${max}`);
}
