// Scheduling: how the kernel chooses between threads that want to run.

import { RLIMIT_NICE, RLIMIT_RTPRIO, resourceLimit } from "../../sys/advice.ts";
import * as sys from "../../sys/cpu.ts";
import { errno } from "../../sys/errno.ts";
import { check, IpcError } from "../../sys/error.ts";
import { checkBoolean, checkInteger, checkOptions } from "../../sys/validate.ts";

/**
 * How a thread is scheduled. `other` shares the processors fairly; `batch` the same, woken later; `idle` gets what
 * nobody else wants. `fifo` and `round-robin` are real-time: they run before all others, by priority.
 */
export type SchedulerPolicy = "other" | "batch" | "idle" | "fifo" | "round-robin";

/** How `cpu.setScheduler` sets. */
export interface SchedulerOptions {
  /** Threads and processes that this thread starts are real-time too; false unless said. */
  inherit?: boolean | undefined;
}

/** How the calling thread is scheduled. */
export interface Scheduler {
  /** The policy; `"deadline"` and others of the kernel by their number. */
  readonly policy: SchedulerPolicy | `policy ${number}`;
  /** 1 to 99 for real-time policies, 0 for the others. */
  readonly priority: number;
}

const numbers: Record<SchedulerPolicy, number> = {
  other: sys.SCHED_OTHER,
  batch: sys.SCHED_BATCH,
  idle: sys.SCHED_IDLE,
  fifo: sys.SCHED_FIFO,
  "round-robin": sys.SCHED_RR,
};
const CALLER = 0;

const isRealTime = (policy: SchedulerPolicy): boolean => policy === "fifo" || policy === "round-robin";

function checkPolicy(policy: unknown): SchedulerPolicy {
  if (typeof policy !== "string") throw new TypeError(`the policy must be a string, not ${typeof policy}`);
  if (Object.hasOwn(numbers, policy)) return policy as SchedulerPolicy;
  throw new RangeError(`there is no policy "${policy}" (there is ${Object.keys(numbers).join(", ")})`);
}

/** From real time to an ordinary policy everybody may: these two ways back are those that the kernel bars. */
function hintOfWayBack(policy: SchedulerPolicy): string {
  const isIdle = policy !== "idle" && (sys.getScheduler(CALLER) & ~sys.SCHED_RESET_ON_FORK) === sys.SCHED_IDLE;
  if (!isIdle) return "what is not inherited cannot be made so again without CAP_SYS_NICE";
  const ways = "ulimit -e, LimitNICE=, docker --ulimit nice=20 --cap-add SYS_NICE";
  return `an idle thread needs CAP_SYS_NICE or a limit NICE of 20, which is ${resourceLimit(RLIMIT_NICE)}: ${ways}`;
}

function hint(policy: SchedulerPolicy, priority: number): string {
  if (!isRealTime(policy)) return hintOfWayBack(policy);
  const limit = resourceLimit(RLIMIT_RTPRIO);
  const ways = "ulimit -r, LimitRTPRIO=, docker --ulimit rtprio=99 --cap-add SYS_NICE";
  return `it needs CAP_SYS_NICE or a limit RTPRIO of ${priority}, which is ${limit}: ${ways}; a control group may have no real-time share`;
}

/**
 * sched_setscheduler(2): sets how the calling thread is scheduled.
 *
 * A real-time thread that never sleeps starves everything else on its processor, its own runtime's helpers included:
 * pin it away from them. The threads and processes that it starts are not real-time, unless `inherit`. Without
 * CAP_SYS_NICE there is no way back from `idle`, nor to `inherit`.
 *
 * @throws {IpcError} EPERM this process may not: the message says which limit to raise
 * @throws {RangeError} an unknown policy; a priority that is not 1 to 99 for `fifo` and `round-robin`, 0 for the others
 * @see https://man7.org/linux/man-pages/man7/sched.7.html
 * @example
 * ```ts
 * // not run: needs CAP_SYS_NICE
 * import { cpu } from "@linux-ipc/core";
 * cpu.setScheduler("fifo", 50);
 * console.log(cpu.scheduler().policy, cpu.scheduler().priority); // fifo 50
 * cpu.setScheduler("other");
 * ```
 */
export function setScheduler(policy: SchedulerPolicy, priority?: number, options: SchedulerOptions = {}): void {
  const chosen = checkPolicy(policy);
  checkOptions(options, ["inherit"], "cpu.setScheduler");
  const flag = checkBoolean(options.inherit ?? false, "inherit") ? 0 : sys.SCHED_RESET_ON_FORK;
  const [least, most] = isRealTime(chosen) ? [1, 99] : [0, 0];
  const level = checkInteger(priority ?? (isRealTime(chosen) ? undefined : 0), "priority", least, most);
  const result = sys.setScheduler(CALLER, numbers[chosen] | flag, level);
  check(result, () => {
    const doing = `schedule this thread as ${chosen} with priority ${level}`;
    return { syscall: "sched_setscheduler", doing, hint: result === -errno.EPERM ? hint(chosen, level) : undefined };
  });
}

/**
 * sched_getscheduler(2): how the calling thread is scheduled.
 *
 * @see https://man7.org/linux/man-pages/man7/sched.7.html
 * @example
 * ```ts
 * import { cpu } from "@linux-ipc/core";
 * cpu.setScheduler("batch");
 * console.log(cpu.scheduler().policy); // batch
 * cpu.setScheduler("other");
 * ```
 */
export function scheduler(): Scheduler {
  const [found, priority] = [sys.getScheduler(CALLER), sys.getPriority(CALLER)];
  const failed = Math.min(found, priority);
  if (failed < 0) throw new IpcError(-failed, { syscall: "sched_getscheduler", doing: "ask for the scheduler" });
  const number = found & ~sys.SCHED_RESET_ON_FORK;
  const name = (Object.keys(numbers) as SchedulerPolicy[]).find((policy) => numbers[policy] === number);
  return { policy: name ?? `policy ${number}`, priority };
}
