// The two roles of a ring with one producer and one consumer.

import type { RoleWords } from "../role.ts";
import * as layout from "./layout.ts";

export const PRODUCER: RoleWords = {
  noun: "producer",
  role: layout.PRODUCER_ROLE,
  state: layout.PRODUCER_STATE,
  candidate: layout.PRODUCER_CANDIDATE,
};
export const CONSUMER: RoleWords = {
  noun: "consumer",
  role: layout.CONSUMER_ROLE,
  state: layout.CONSUMER_STATE,
  candidate: layout.CONSUMER_CANDIDATE,
};
