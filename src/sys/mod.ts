// Errors, as users see them.
export { IpcError, PeerClosedError, PeerDiedError } from "./error.ts";
