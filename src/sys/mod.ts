// What users see of this room: the type of copies, errors, and the load that polls.
export type { OwnBytes } from "./copy.ts";
export { IpcError, PeerClosedError, PeerDiedError } from "./error.ts";
export { loadOrdered } from "./ordering.ts";
