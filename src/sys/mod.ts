// What users see of this room: errors, and the load that polls.
export { IpcError, PeerClosedError, PeerDiedError } from "./error.ts";
export { loadOrdered } from "./ordering.ts";
