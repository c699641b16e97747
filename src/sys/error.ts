// The one place where a negative number becomes an exception.

import process from "node:process";
import { describeErrno, errno } from "./errno.ts";

/** What was being done to what, for the message of an error. */
export interface Attempt {
  /** The system call or function, as in its man page: `"shm_open"`. */
  readonly syscall: string;
  /** A phrase that completes "Cannot": `"create shared memory /grid"`. */
  readonly doing: string;
  readonly path?: string;
  /** What limit was met and how to change it. */
  readonly hint?: string;
}

/** The hint of EBADF after close. */
export const CLOSED_HERE = "it was closed in this process";

/** What helps against limits that any call may meet. The figure itself stands in a file, which cannot be opened then. */
const limitHints: Record<string, string> = {
  EMFILE: "its limit is that of ulimit -n; each object that is open by name, and each attachment, has a descriptor",
  ENFILE: "the limit of the system is fs.file-max, see sysctl(8)",
};

/** The hint of EAGAIN where the shim was to start a thread. */
export const NO_THREAD = "no thread can be started (ulimit -u, pids.max of the control group)";

/** What was tried, where a thread had to be started for it: EAGAIN means that there is none. `result` is the shim's. */
export function startingThread(result: number, attempt: Attempt): Attempt {
  return result === -errno.EAGAIN ? { ...attempt, syscall: "pthread_create", hint: NO_THREAD } : attempt;
}

/**
 * A refusal by the kernel or by this library's own protocols, with the kernel's name.
 *
 * The message reads `Cannot <verb> <thing>: <CODE>, <text> (<hint>)`.
 *
 * @example
 * ```ts
 * import { IpcError, SharedMemory } from "@linux-ipc/core";
 * try {
 *   SharedMemory.open("/nothing-of-this-name", { timeoutMs: 0 });
 * } catch (error) {
 *   if (error instanceof IpcError) console.log(error.code, error.errno, error.syscall); // ENOENT 2 shm_open
 * }
 * ```
 */
export class IpcError extends Error {
  /** The class's name. */
  override readonly name: string = "IpcError";
  /** The kernel's name: `"EEXIST"`. */
  readonly code: string;
  /** The kernel's number, positive. */
  readonly errno: number;
  /** The system call or function that refused. */
  readonly syscall: string;
  /** The object's name or path, where it has one. */
  readonly path: string | undefined;

  constructor(number: number, attempt: Attempt) {
    const [code, text] = describeErrno(number);
    const hint = attempt.hint ?? limitHints[code];
    super(`Cannot ${attempt.doing}: ${code}, ${text}${hint === undefined ? "" : ` (${hint})`}`);
    this.code = code;
    this.errno = number;
    this.syscall = attempt.syscall;
    this.path = attempt.path;
  }
}

/** A number comes again: in a container that starts anew, the one before had the same. */
function whoDied(pid: number): string | undefined {
  if (pid === process.pid) return `it was a Worker of this process, or an earlier process ${pid}`;
  return pid > 0 ? `it was process ${pid}` : undefined;
}

/** The process (or Worker) on the other side ended without closing; the kernel says so. `code` is `EOWNERDEAD`. */
export class PeerDiedError extends IpcError {
  /** The class's name. */
  override readonly name = "PeerDiedError";
  /** Process id of the dead, in its own pid namespace; 0 when it is not known any more. For people, not for logic. */
  readonly pid: number;

  constructor(attempt: Attempt, pid: number) {
    super(errno.EOWNERDEAD, { hint: whoDied(pid), ...attempt });
    this.pid = pid;
  }
}

/** The other side has closed: nothing more will come, or nobody will read. `code` is `EPIPE`. */
export class PeerClosedError extends IpcError {
  /** The class's name. */
  override readonly name = "PeerClosedError";

  constructor(attempt: Attempt) {
    super(errno.EPIPE, attempt);
  }
}

/** Returns a result that is not negative; throws the others. `describe` runs only then. */
export function check(result: number, describe: () => Attempt): number {
  if (result < 0) throw new IpcError(-result, describe());
  return result;
}
