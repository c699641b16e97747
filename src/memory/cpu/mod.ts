// Processors: where threads run, and how they are scheduled.
export { type AffinityOptions, affinity, current, online, pin, unpin } from "./affinity.ts";
export { type Scheduler, type SchedulerOptions, type SchedulerPolicy, scheduler, setScheduler } from "./scheduler.ts";
