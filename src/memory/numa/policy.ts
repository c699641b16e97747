// Memory policy: from which NUMA nodes a mapping's pages, or a thread's, are taken.

import { errno } from "../../sys/errno.ts";
import { IpcError } from "../../sys/error.ts";
import * as sys from "../../sys/numa.ts";
import { checkBoolean, checkInteger, checkOptions } from "../../sys/validate.ts";
import { type ByteRange, type MappedMemory, touchedPages } from "../mapped_range.ts";
import { nodeIds } from "./nodes.ts";
import { isWithoutNuma, refusalHint } from "./refusal.ts";

/**
 * How nodes are chosen. `bind`: only these. `preferred`: this one while it has free memory. `interleave`: these in turn,
 * page by page. `local`: where the thread runs that touches the page first. `default`: as the thread or the system says.
 */
export type NumaPolicyName = "default" | "local" | "bind" | "preferred" | "interleave";

/** A policy that is asked for. */
export interface NumaPolicyRequest {
  /** `"bind"` unless said. */
  policy?: NumaPolicyName | undefined;
  /** The one node; `node` or `nodes` for `bind` and `interleave`, `node` for `preferred`, neither for the others. */
  node?: number | undefined;
  /** Several nodes. */
  nodes?: readonly number[] | undefined;
}

/** How `numa.bind` binds. */
export interface NumaBindOptions extends NumaPolicyRequest, ByteRange {
  /** Move the pages that are there already; true unless said. */
  move?: boolean | undefined;
  /** Throw where pages are, and stay, on other nodes; true unless said. */
  strict?: boolean | undefined;
}

/** A policy as it is in force. */
export interface NumaPolicy {
  /** How nodes are chosen. */
  readonly policy: NumaPolicyName;
  /** The nodes; none for `default` and `local`. */
  readonly nodes: readonly number[];
}

const modes: Record<NumaPolicyName, number> = {
  default: sys.MPOL_DEFAULT,
  preferred: sys.MPOL_PREFERRED,
  bind: sys.MPOL_BIND,
  interleave: sys.MPOL_INTERLEAVE,
  local: sys.MPOL_LOCAL,
};
/** The kernel's names, by its numbers: "preferred many" and "weighted interleave" are kinds of theirs. */
const names: NumaPolicyName[] = ["default", "preferred", "bind", "interleave", "local", "preferred", "interleave"];
const REQUEST = ["policy", "node", "nodes"];

interface Chosen {
  readonly mode: number;
  readonly nodes: readonly number[];
}

function checkNode(node: number, known: readonly number[]): number {
  if (known.includes(node)) return node;
  throw new RangeError(`there is no NUMA node ${node} (this machine has ${known.join(", ")})`);
}

function checkRequest({ policy = "bind", node, nodes }: NumaPolicyRequest): Chosen {
  if (typeof policy !== "string") throw new TypeError(`policy must be a string, not ${typeof policy}`);
  if (!Object.hasOwn(modes, policy))
    throw new RangeError(`there is no policy "${policy}" (there is ${Object.keys(modes).join(", ")})`);
  if (nodes !== undefined && !Array.isArray(nodes)) throw new TypeError("nodes must be an array of numbers");
  const asked: readonly unknown[] = nodes ?? (node === undefined ? [] : [node]);
  if (node !== undefined && nodes !== undefined) throw new TypeError("node and nodes exclude each other");
  const [least, most] = { bind: [1, 1024], interleave: [1, 1024], preferred: [1, 1], local: [0, 0], default: [0, 0] }[
    policy
  ];
  if (asked.length < least || asked.length > most)
    throw new RangeError(
      `the policy "${policy}" takes ${most === 1024 ? "1 or more nodes" : `${most} nodes`}, not ${asked.length}`,
    );
  const kinds = asked.map((one) => checkInteger(one, "node", 0, sys.NODES_MAX - 1));
  const known = kinds.length === 0 ? [] : nodeIds();
  return { mode: modes[policy], nodes: kinds.map((one) => checkNode(one, known)) };
}

const WHEN_SHARED =
  "pages that other processes use too stay where they are: bind before they attach, or { strict: false }";

/** Throws what is negative; a kernel without NUMA has everything on its one node, which is all that could be asked. */
function demand(result: number, syscall: string, doing: string, nodes: readonly number[]): void {
  if (result >= 0 || (isWithoutNuma(result) && nodes.every((node) => node === 0))) return;
  const hint = result === -errno.EIO ? WHEN_SHARED : refusalHint(result);
  throw new IpcError(-result, { syscall, doing, hint });
}

/** The kernel leaves out, in silence, what the control group forbids; where it does not tell, it is believed. */
function demandAllowed(nodes: readonly number[], syscall: string, doing: string): void {
  const allowed = sys.getMempolicy(0, sys.MPOL_F_MEMS_ALLOWED);
  if (typeof allowed === "number" || nodes.every((node) => allowed.nodes.includes(node))) return;
  const hint = `its control group (cpuset.mems) has only ${allowed.nodes.join(", ")}`;
  throw new IpcError(errno.EINVAL, { syscall, doing, hint });
}

/**
 * mbind(2): says from which nodes the pages of mapped memory come, and moves those that are there already.
 *
 * Every page that the range touches is bound. For `SharedMemory`, and for files in a tmpfs or hugetlbfs, the policy
 * belongs to the object and holds for every process; for other files it rules only private copies. Pages that other
 * processes have mapped too do not move. Huge pages are bound as wholes.
 *
 * @throws {IpcError} EIO pages stayed on other nodes, though the policy is set; EPERM a seccomp profile refuses;
 * EINVAL the control group forbids the nodes; ENOSYS a sandbox refuses, or no NUMA in this kernel and another node; ENOMEM; EBADF the memory is closed
 * @throws {RangeError} an unknown node, too many or too few of them, a range outside the memory
 * @see https://man7.org/linux/man-pages/man2/mbind.2.html
 * @example
 * ```ts
 * // not run: containers refuse it unless they have CAP_SYS_NICE
 * import { numa, SharedMemory } from "@linux-ipc/core";
 * const memory = SharedMemory.anonymous({ size: 1 << 20 });
 * numa.bind(memory, { node: 0 });
 * console.log(numa.pages(memory).every((node) => node === 0)); // true
 * numa.bind(memory, { policy: "interleave", nodes: [0, 1], move: false });
 * memory.close();
 * ```
 */
export function bind(memory: MappedMemory, options: NumaBindOptions): void {
  checkOptions(options, [...REQUEST, "offset", "length", "move", "strict"], "numa.bind");
  const { move = true, strict = true, offset, length, ...request } = options ?? {};
  const flags =
    (checkBoolean(move, "move") ? sys.MPOL_MF_MOVE : 0) | (checkBoolean(strict, "strict") ? sys.MPOL_MF_STRICT : 0);
  const doing = "bind memory to NUMA nodes";
  const range = touchedPages(memory, { offset, length }, { doing, syscall: "mbind" });
  const { mode, nodes } = checkRequest(request);
  demandAllowed(nodes, "mbind", doing);
  demand(sys.mbind(range.address, range.length, mode, nodes, flags), "mbind", doing, nodes);
}

/**
 * set_mempolicy(2): says from which nodes the calling thread takes memory that has no policy of its own.
 *
 * Threads that it starts from now on inherit the policy, and so do processes; the runtime's other threads keep theirs.
 * Call it first thing in a program. Pages that are there already stay where they are.
 *
 * @throws {IpcError} EPERM a seccomp profile refuses; EINVAL the control group forbids the nodes; ENOSYS
 * @throws {RangeError} an unknown node, too many or too few of them
 * @see https://man7.org/linux/man-pages/man2/set_mempolicy.2.html
 * @example
 * ```ts
 * // not run: containers refuse it unless they have CAP_SYS_NICE
 * import { numa } from "@linux-ipc/core";
 * numa.setPolicy({ policy: "preferred", node: 0 });
 * console.log(numa.policy().policy, numa.policy().nodes); // preferred 0
 * numa.setPolicy({ policy: "default" });
 * ```
 */
export function setPolicy(request: NumaPolicyRequest): void {
  checkOptions(request, REQUEST, "numa.setPolicy");
  const { mode, nodes } = checkRequest(request ?? {});
  const doing = "set the NUMA policy of this thread";
  demandAllowed(nodes, "set_mempolicy", doing);
  demand(sys.setMempolicy(mode, nodes), "set_mempolicy", doing, nodes);
}

/**
 * get_mempolicy(2): the policy of the calling thread, or of one page of mapped memory.
 *
 * @throws {IpcError} EPERM a seccomp profile refuses; ENOSYS; EBADF the memory is closed
 * @throws {RangeError} an offset outside the memory
 * @see https://man7.org/linux/man-pages/man2/get_mempolicy.2.html
 */
export function policy(memory?: MappedMemory, offset: number = 0): NumaPolicy {
  const [syscall, doing] = ["get_mempolicy", "ask for the NUMA policy"];
  const page = memory === undefined ? undefined : touchedPages(memory, { offset, length: 1 }, { doing, syscall });
  const found = sys.getMempolicy(page?.address ?? 0, page === undefined ? 0 : sys.MPOL_F_ADDR);
  if (typeof found === "object") return { policy: names[found.mode & 0xff] ?? "default", nodes: found.nodes };
  demand(found, syscall, doing, []);
  return { policy: "default", nodes: [] };
}
