// The shim's symbols: one row each, the single source for every backend and for the check against the C header.

/** What a symbol returns and how many arguments, all doubles, it takes. */
export interface SymbolRow {
  readonly result: "i32" | "f64";
  readonly arguments: 0 | 1 | 2 | 3 | 4 | 6;
}

/** In the order of shim/linux_ipc_shim.h, where each is prefixed with `lipc_`. */
export const symbols = {
  abi_version: { result: "i32", arguments: 0 },
  getpid: { result: "i32", arguments: 0 },
  clock_monotonic: { result: "f64", arguments: 0 },

  open: { result: "i32", arguments: 3 },
  close: { result: "i32", arguments: 1 },
  link_descriptor: { result: "i32", arguments: 2 },
  unlink: { result: "i32", arguments: 1 },
  fchmod: { result: "i32", arguments: 2 },
  ftruncate: { result: "i32", arguments: 2 },
  fallocate: { result: "i32", arguments: 3 },
  preallocate: { result: "i32", arguments: 3 },
  allocated: { result: "f64", arguments: 3 },
  fstat: { result: "i32", arguments: 2 },
  lstat: { result: "i32", arguments: 2 },
  statfs: { result: "i32", arguments: 2 },
  memfd_create: { result: "i32", arguments: 2 },
  add_seals: { result: "i32", arguments: 2 },
  get_seals: { result: "i32", arguments: 1 },
  mmap: { result: "f64", arguments: 6 },
  munmap: { result: "i32", arguments: 2 },
  lock_byte: { result: "i32", arguments: 3 },
  unlock_byte: { result: "i32", arguments: 2 },
  vacate: { result: "i32", arguments: 2 },

  guard_add: { result: "i32", arguments: 2 },
  guard_remove: { result: "i32", arguments: 1 },
  guard_faults: { result: "i32", arguments: 1 },

  copy: { result: "i32", arguments: 4 },

  futex_wait: { result: "i32", arguments: 3 },
  futex_wake: { result: "i32", arguments: 2 },
  futex_advance: { result: "i32", arguments: 1 },
  wait_event: { result: "i32", arguments: 4 },
  wait_event_among: { result: "i32", arguments: 3 },
  membarrier_register: { result: "i32", arguments: 0 },
  membarrier: { result: "i32", arguments: 0 },
  pause: { result: "i32", arguments: 1 },
  measure_wake: { result: "f64", arguments: 0 },

  boot: { result: "i32", arguments: 0 },

  participant_attach: { result: "f64", arguments: 4 },
  participant_owner: { result: "i32", arguments: 1 },
  participant_detach: { result: "i32", arguments: 1 },
  participant_bury: { result: "i32", arguments: 1 },
  participant_dead: { result: "i32", arguments: 2 },

  watch_add: { result: "f64", arguments: 4 },
  watch_arm: { result: "i32", arguments: 2 },
  watch_remove: { result: "i32", arguments: 1 },
  watch_take: { result: "i32", arguments: 1 },

  page_size: { result: "f64", arguments: 1 },
  madvise: { result: "i32", arguments: 3 },
  resident: { result: "f64", arguments: 2 },
  msync: { result: "i32", arguments: 3 },
  sync_file_range: { result: "i32", arguments: 3 },
  fsync: { result: "i32", arguments: 1 },
  punch_hole: { result: "i32", arguments: 3 },
  mlock: { result: "i32", arguments: 3 },
  munlock: { result: "i32", arguments: 2 },
  munlockall: { result: "i32", arguments: 0 },
  resource_limit: { result: "f64", arguments: 1 },
  pread: { result: "i32", arguments: 4 },

  mlockall: { result: "i32", arguments: 2 },

  mbind: { result: "i32", arguments: 6 },
  set_mempolicy: { result: "i32", arguments: 3 },
  get_mempolicy: { result: "i32", arguments: 4 },
  move_pages: { result: "i32", arguments: 4 },

  getcpu: { result: "i32", arguments: 0 },
  sched_setaffinity: { result: "i32", arguments: 3 },
  sched_getaffinity: { result: "i32", arguments: 3 },
  sched_setscheduler: { result: "i32", arguments: 3 },
  sched_getscheduler: { result: "i32", arguments: 1 },
  sched_getparam: { result: "i32", arguments: 1 },
  thread_ids: { result: "i32", arguments: 2 },
  futex_wait_any: { result: "i32", arguments: 3 },
  futex_await: { result: "f64", arguments: 4 },
  futex_leave: { result: "i32", arguments: 1 },
  futex_pass_on: { result: "i32", arguments: 0 },
  yield: { result: "i32", arguments: 0 },

  descriptor_add: { result: "f64", arguments: 4 },
  descriptor_remove: { result: "i32", arguments: 1 },
  pidfd_open: { result: "i32", arguments: 1 },
  poll: { result: "i32", arguments: 3 },

  file_lock: { result: "i32", arguments: 4 },
  file_lock_test: { result: "i32", arguments: 3 },
  file_lock_start: { result: "f64", arguments: 6 },
  file_lock_wait: { result: "i32", arguments: 2 },
  file_lock_cancel: { result: "i32", arguments: 1 },
  file_lock_end: { result: "i32", arguments: 1 },

  own: { result: "f64", arguments: 2 },
  own_locks: { result: "f64", arguments: 2 },
  disown: { result: "i32", arguments: 1 },
} as const satisfies Record<string, SymbolRow>;

/** The shim's ABI that this TypeScript was written for; another one is refused. */
export const ABI_VERSION = 13;

export type SymbolName = keyof typeof symbols;

type Arguments = { 0: []; 1: [number]; 2: [number, number]; 3: [number, number, number] } & {
  4: [number, number, number, number];
  6: [number, number, number, number, number, number];
};

/** The symbols as callable functions; each backend makes one such object. */
export type Calls = {
  readonly [Name in SymbolName]: (...values: Arguments[(typeof symbols)[Name]["arguments"]]) => number;
};
