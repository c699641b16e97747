// Descriptors that become ready: pidfds, poll, and the shim's epoll thread (shim/descriptor.c).

import { environment } from "../runtime/environment.ts";

/** poll(2): there is something to read; for a pidfd: the process has ended. */
export const POLLIN = 1;

/** A descriptor that means this process and never a later one of the same number. */
export function pidfdOpen(pid: number): number {
  return environment().calls.pidfd_open(pid);
}

/** The events that `fd` has, waiting for one until the deadline (ns, monotonic; negative = for ever); 0 = none. */
export function poll(fd: number, events: number, deadline: number): number {
  return environment().calls.poll(fd, events, deadline);
}

/** Tells `id` once when the descriptor has one of the events. The watch's handle, or -errno. */
export function descriptorAdd(fd: number, events: number, id: number): number {
  const { calls, address } = environment();
  return calls.descriptor_add(fd, events, id, address);
}

/** Before the descriptor is closed. */
export function descriptorRemove(watch: number): number {
  return environment().calls.descriptor_remove(watch);
}
