// What a backend is: the shim's symbols as functions, and how the five of them are named.

import type { Calls } from "./symbols.ts";

/** How calls reach the shim. On Node, LINUX_IPC_BACKEND chooses between the last three. */
export type BackendName = "bun-ffi" | "deno-ffi" | "node-api" | "koffi" | "node-ffi";

/** The Node-API face of the shim, which all runtimes load: views, wake-ups (shim/environment.c). */
export interface NodeApiFace {
  /** Through the scratch block, as all symbols; absent from a library that is not ours. */
  abi_version?(): void;
  scratch(): ArrayBuffer;
  address(): number;
  view(): ArrayBuffer | undefined;
  addressOf(bytes: Uint8Array): number;
  onWake(callback: () => void): number;
  refWake(yes: boolean): void;
}

/** Turns the library at `path`, already loaded as a Node-API addon, into callable symbols. */
export type LoadCalls = (path: string, face: NodeApiFace, scratch: Float64Array) => Calls;

/** Where the Node-API face expects the result and the first argument: indices into the scratch block's doubles. */
export const RESULT_SLOT = 0;
export const ARGUMENT_SLOT = 1;

/** Slots of the scratch block, in bytes, that are free for paths and structs. */
export const SCRATCH_FREE_OFFSET = 128;
