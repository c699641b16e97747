// The symbol table: each row can be called in this runtime, and answers a number of its kind.

import assert from "node:assert/strict";
import process from "node:process";
import { describe, it } from "node:test";
import { environment } from "../../src/runtime/environment.ts";
import { ABI_VERSION, type SymbolName, symbols } from "../../src/runtime/symbols.ts";
import { least, sleep } from "../support/mod.ts";

const { calls, scratchAddress, address } = environment();

const EBADF = -9;
const EINVAL = -22;
const path = scratchAddress;
const word = scratchAddress + 4096;
const watched = scratchAddress + 4160;

/** A harmless call of every row: arguments, and what it answers on every machine; undefined = any number >= 0. */
const harmless: Record<SymbolName, [number[], number?]> = {
  abi_version: [[], ABI_VERSION],
  getpid: [[], process.pid],
  clock_monotonic: [[]],
  open: [[path, 0, 0], -2],
  close: [[-1], EBADF],
  link_descriptor: [[-1, path], -2],
  unlink: [[path], -2],
  fchmod: [[-1, 0o600], EBADF],
  ftruncate: [[-1, 0], EBADF],
  fallocate: [[-1, 0, 1], EBADF],
  preallocate: [[-1, 0, 1], EBADF],
  allocated: [[-1, 0, 1], EBADF],
  fstat: [[-1, word], EBADF],
  lstat: [[path, word], -2],
  statfs: [[path, word], -2],
  memfd_create: [[path, 2 ** 31 - 1], EINVAL],
  add_seals: [[-1, 0], EBADF],
  get_seals: [[-1], EBADF],
  mmap: [[0, 0, 1, 1, -1, 0], EBADF],
  munmap: [[4096, 0], EINVAL],
  lock_byte: [[-1, 0, 0], EBADF],
  unlock_byte: [[-1, 0], EBADF],
  vacate: [[4096, 0], EINVAL],
  guard_add: [[0, 0]],
  guard_remove: [[-1], EINVAL],
  guard_faults: [[-1], EINVAL],
  copy: [[word, word + 64, 8, word + 128], 0],
  futex_wait: [[word, 1, -1], -11],
  futex_wake: [[word, 1], 0],
  futex_advance: [[word + 32], 0], // the word itself stays 0: others sleep while it is 1
  wait_event: [[word, 1, 0, -1], 0],
  wait_event_among: [[word, 0, -1], EINVAL],
  membarrier_register: [[]],
  membarrier: [[]],
  pause: [[1], 0],
  measure_wake: [[]],
  boot: [[]],
  participant_attach: [[-1, 0, 0, address], EINVAL],
  participant_owner: [[word], 0],
  participant_detach: [[word], EINVAL],
  participant_bury: [[word], 0],
  participant_dead: [[word, 0], EINVAL],
  watch_add: [[watched, 0, 7, address]],
  watch_arm: [[0, 0]],
  watch_remove: [[0], 0],
  watch_take: [[address], -11],
  page_size: [[-1]],
  madvise: [[0, 0, 0], 0],
  resident: [[4097, 4096], EINVAL],
  msync: [[1, 0, 4], EINVAL],
  sync_file_range: [[-1, 0, 0], EBADF],
  fsync: [[-1], EBADF],
  punch_hole: [[-1, 0, 1], EBADF],
  mlock: [[0, 0, 64], EINVAL],
  munlock: [[0, 0], 0],
  mlockall: [[0, 0], EINVAL],
  munlockall: [[], 0],
  resource_limit: [[14]],
  pread: [[-1, path, 0, 0], EBADF],
  mbind: [[1, 0, 0, 0, 0, 0], EINVAL],
  set_mempolicy: [[-1, 0, 0], EINVAL],
  get_mempolicy: [[0, 0, 0, 8], EINVAL],
  move_pages: [[0, 4096, 0, word], 0],
  getcpu: [[]],
  sched_setaffinity: [[-1, 8, word], -3],
  sched_getaffinity: [[-1, 8, word], -3],
  sched_setscheduler: [[-1, 0, 0], EINVAL],
  sched_getscheduler: [[-1], EINVAL],
  sched_getparam: [[-1], EINVAL],
  thread_ids: [[word, 0]],
  futex_wait_any: [[word, 0, -1], EINVAL],
  futex_await: [[watched, 0, 8, address]],
  futex_leave: [[0], 0],
  futex_pass_on: [[], 0],
  yield: [[], 0],
  descriptor_add: [[-1, 1, 9, address], EBADF],
  descriptor_remove: [[0], EINVAL],
  pidfd_open: [[-1], EINVAL],
  poll: [[-1, 1, 0], 0],
  file_lock: [[-1, 2, 0, 0], EBADF],
  file_lock_test: [[-1, 2, word], EBADF],
  file_lock_start: [[-1, 2, 0, 0, -1, address], EBADF],
  file_lock_wait: [[word, 0], 0],
  file_lock_cancel: [[word + 96], 0],
  file_lock_end: [[0], EINVAL],
  own_locks: [[-1, 1]],
  own: [[-1, 1]], // descriptor -1 of nobody: closing it does nothing
  disown: [[0], EINVAL],
};

/** The rows that containers refuse, unless they have CAP_SYS_NICE. */
const ofPolicy: readonly string[] = ["mbind", "set_mempolicy", "get_mempolicy"];
const EPERM = -1;

/** The rows that take a watch are called with one. */
const ofWatch: readonly string[] = ["watch_arm", "watch_remove"];

describe("symbol table", () => {
  environment().scratch.fill(0, 0, 8192);
  const watch = calls.watch_add(watched, 0, 7, address);
  const wait = calls.futex_await(watched, 0, 10, address);

  for (const name of Object.keys(symbols) as SymbolName[]) {
    it(`${name} can be called with ${symbols[name].arguments} numbers`, () => {
      const call = calls[name] as (...values: number[]) => number;
      const [values, answer] = harmless[name];
      if (ofWatch.includes(name)) values[0] = watch;
      if (name === "futex_leave") values[0] = wait;
      assert.equal(values.length, symbols[name].arguments);
      const result = call(...values);
      assert.equal(typeof result, "number");
      if (result === EPERM && ofPolicy.includes(name)) return;
      if (answer === undefined) assert.ok(result >= 0, `${name} answered ${result}`);
      else assert.equal(result, answer);
    });
  }

  it("doubles keep all 53 bits on their way to the shim and back", () => {
    const size = 2 ** 52 + 4096; // larger than an address space: refused with ENOMEM, not cut to something smaller
    assert.equal(calls.mmap(0, size, 0, 0x22, -1, 0), -12);
  });

  it("clock_monotonic advances by what a clock says", async () => {
    const difference = await least(20, async () => {
      const [start, before] = [calls.clock_monotonic(), performance.now()];
      await sleep(50);
      const took = (calls.clock_monotonic() - start) / 1e6;
      return Math.abs(took - (performance.now() - before));
    });
    assert.ok(difference < 20, `${difference} ms in 50`);
  });
});
