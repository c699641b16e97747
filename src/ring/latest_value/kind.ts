// What a latest value is to others: the kind of its segment, and the words of its one role.

import type { SegmentKind } from "../../memory/segment.ts";
import type { RoleWords } from "../role.ts";
import * as layout from "./layout.ts";

export const KIND: SegmentKind = {
  letters: "LATE",
  version: layout.LAYOUT_VERSION,
  noun: "latest value",
  offersReadOnly: true,
};

export const WRITER: RoleWords = {
  noun: "writer",
  role: layout.WRITER_ROLE,
  state: layout.WRITER_STATE,
  candidate: layout.WRITER_CANDIDATE,
};
