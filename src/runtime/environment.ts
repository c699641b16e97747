// The loaded shim of this JavaScript environment (main thread or Worker): made at first use, then kept.

import process from "node:process";
import type { BackendName, LoadCalls, NodeApiFace } from "./backend.ts";
import { ARGUMENT_SLOT, RESULT_SLOT, SCRATCH_FREE_OFFSET } from "./backend.ts";
import { loadBun } from "./bun.ts";
import { loadDeno } from "./deno.ts";
import { loadKoffi } from "./koffi.ts";
import { unsupported, withLibrary } from "./library.ts";
import { loadNodeApi } from "./node-api.ts";
import { loadNodeFfi } from "./node-ffi.ts";
import { ABI_VERSION, type Calls } from "./symbols.ts";

/** Everything that `sys` needs of the runtime. */
export interface Environment {
  readonly backend: BackendName;
  /** What a call with a few arguments takes, in ns, roughly: less where engines compile it into its caller. */
  readonly callCost: number;
  readonly calls: Calls;
  /** Identifies this environment to the shim; also the address of its scratch block. */
  readonly address: number;
  /** The scratch block's free part: strings and structs travel here. */
  readonly scratch: Uint8Array;
  readonly scratchAddress: number;
  readonly scratchView: DataView;
  /** An ArrayBuffer over [address, address + length), or undefined when the engine cannot hold one so large. */
  view(address: number, length: number): ArrayBuffer | undefined;
  /** Where the bytes of an array stand. Ask for its `buffer` first, after which they stay there until it is detached. */
  addressOf(bytes: Uint8Array): number;
  /** Makes the buffer's length 0 everywhere; nothing is copied or freed. */
  detach(buffer: ArrayBuffer): void;
  /** Runs `callback` on the event loop when the engine has fired watches. Once per environment. */
  onWake(callback: () => void): void;
  refWake(yes: boolean): void;
}

const nodeBackends = new Map<string, LoadCalls>([
  ["node-api", loadNodeApi],
  ["koffi", loadKoffi],
  ["node-ffi", loadNodeFfi],
]);

const callCosts: Record<BackendName, number> = {
  "bun-ffi": 20,
  "deno-ffi": 40,
  "node-ffi": 40,
  "node-api": 60,
  koffi: 120,
};

/** The only place that asks which runtime this is. */
function chooseBackend(): { name: BackendName; load: LoadCalls } {
  if (process.versions.bun !== undefined) return { name: "bun-ffi", load: loadBun };
  if ("Deno" in globalThis) return { name: "deno-ffi", load: loadDeno };
  const name = process.env.LINUX_IPC_BACKEND || "node-api";
  const load = nodeBackends.get(name);
  if (load === undefined) {
    throw new RangeError(
      `Cannot load linux-ipc: LINUX_IPC_BACKEND is "${name}", not ${[...nodeBackends.keys()].join(", ")}`,
    );
  }
  return { name: name as BackendName, load };
}

/** Node's error for want of a permission names neither this library nor the permission. */
function explained(cause: unknown): unknown {
  if ((cause as { code?: unknown } | undefined)?.code !== "ERR_DLOPEN_DISABLED") return cause;
  const hint = "with --permission, Node needs --allow-addons, too; with --no-addons it loads none";
  return new Error(`Cannot load linux-ipc: it has a native addon, and loading addons is disabled (${hint})`, { cause });
}

function loadFace(path: string): NodeApiFace {
  const module: { exports: unknown } = { exports: {} };
  try {
    process.dlopen(module, path);
  } catch (error) {
    throw explained(error);
  }
  return module.exports as NodeApiFace;
}

/** The scratch block, from a library of our ABI; asked by the Node-API face, before any other symbol is looked for. */
function checkedScratch(face: NodeApiFace, path: string): ArrayBuffer {
  const buffer = typeof face.scratch === "function" ? face.scratch() : new ArrayBuffer(8);
  face.abi_version?.();
  const found = new Float64Array(buffer)[RESULT_SLOT] || "unknown";
  if (found === ABI_VERSION) return buffer;
  throw new Error(`Cannot load linux-ipc: ${path} has ABI ${found}, this version needs ${ABI_VERSION} (reinstall it)`);
}

function assemble(backend: BackendName, calls: Calls, face: NodeApiFace, buffer: ArrayBuffer): Environment {
  const slots = new Float64Array(buffer);
  const address = face.address();
  return {
    backend,
    callCost: callCosts[backend],
    calls,
    address,
    scratch: new Uint8Array(buffer, SCRATCH_FREE_OFFSET),
    scratchAddress: address + SCRATCH_FREE_OFFSET,
    scratchView: new DataView(buffer, SCRATCH_FREE_OFFSET),
    view(start, length) {
      slots[ARGUMENT_SLOT] = start;
      slots[ARGUMENT_SLOT + 1] = length;
      try {
        return face.view();
      } catch {
        return undefined; // Bun throws where the others answer nothing
      }
    },
    addressOf: (bytes) => face.addressOf(bytes),
    detach(view) {
      if (view.byteLength > 0) view.transfer(0);
    },
    onWake(callback) {
      const status = face.onWake(callback);
      if (status !== 0) throw new Error(`Cannot await: napi_create_threadsafe_function answered ${status}`);
    },
    refWake: (yes) => face.refWake(yes),
  };
}

function load(): Environment {
  const reason = unsupported();
  if (reason !== undefined) throw new Error(`Cannot use linux-ipc here: ${reason}`);
  const backend = chooseBackend();
  return withLibrary((path) => {
    const face = loadFace(path);
    const buffer = checkedScratch(face, path);
    const calls = backend.load(path, face, new Float64Array(buffer));
    return assemble(backend.name, calls, face, buffer);
  });
}

let loaded: Environment | undefined;

/** This environment's shim, loaded at the first call: importing the package is safe on every system. */
export function environment(): Environment {
  loaded ??= load();
  return loaded;
}
