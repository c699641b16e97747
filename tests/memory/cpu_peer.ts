// The peer of the processor and locking tests: one command a process, often with fewer rights than the test.

import { readFileSync } from "node:fs";
import process from "node:process";
import { cpu, IpcError, lockMemory, lockProcessMemory, SharedMemory, unlockProcessMemory } from "../../mod.ts";

function outcome(action: () => unknown): string {
  try {
    return String(action());
  } catch (error) {
    return error instanceof IpcError ? `${error.code} ${error.syscall} ${/\(.*/.exec(error.message)}` : String(error);
  }
}

const lockedKilobytes = () => Number(/VmLck:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))?.[1]);

/** Whether the kernel has locked the mapping that begins there: "lo" among its flags, proc_pid_smaps(5). */
function isLockedAt(address: number): boolean {
  const mapping = new RegExp(`^${address.toString(16)}-[^]*?^VmFlags:(.*)$`, "m").exec(
    readFileSync("/proc/self/smaps", "utf8"),
  );
  return mapping?.[1]?.split(" ").includes("lo") ?? false;
}

const commands: Record<string, () => void | Promise<void>> = {
  /** Asks for real time without the right to it. */
  schedule() {
    console.log(outcome(() => cpu.setScheduler("fifo", 10)));
    console.log(outcome(() => cpu.setScheduler("idle")));
    console.log(cpu.scheduler().policy);
    console.log(outcome(() => cpu.setScheduler("other")));
    console.log(outcome(() => cpu.setScheduler("idle", 0, { inherit: true })));
  },

  /** Pins itself where it may not. */
  pinInVain() {
    const before = cpu.affinity().join();
    console.log(outcome(() => cpu.pin(cpu.current())));
    console.log(cpu.affinity().join() === before);
  },

  /** Pins itself to the processors that it may run on, each alone. */
  pinToEach() {
    const each = cpu.affinity().map((one) => outcome(() => cpu.pin(one)) + cpu.affinity());
    console.log(cpu.online().join(), each.join());
  },

  /** Pins itself where the control group has one processor only. */
  pin() {
    const before = cpu.affinity().join();
    console.log(
      before,
      outcome(() => cpu.pin(cpu.online())),
      cpu.affinity().join() === before,
    );
    console.log(
      outcome(() => cpu.pin(Number(before))),
      cpu.affinity().join(),
    );
    cpu.unpin();
    console.log(cpu.affinity().join());
    process.exit();
  },

  /** Locks more than it may. */
  lock() {
    const memory = SharedMemory.anonymous({ size: 1 << 20 });
    console.log(outcome(() => lockMemory(memory)));
    console.log(lockedKilobytes());
    memory.close();
  },

  /** Locks everything, and tells how much more memory that took. */
  lockProcess() {
    const memory = SharedMemory.anonymous({ size: 8 << 20 });
    const reader = SharedMemory.fromDescriptor(memory.fd, { readOnly: true });
    const resident = () => process.memoryUsage().rss;
    const before = resident();
    lockProcessMemory();
    console.log(lockedKilobytes() > 0, resident() - before < 64 << 20);
    memory.bytes[0] = 1;
    console.log(reader.bytes[0]);
    console.log(isLockedAt(SharedMemory.anonymous({ size: 64 << 20 }).address)); // what comes later, too
    unlockProcessMemory();
    console.log(lockedKilobytes());
    process.exit();
  },

  /** Has the engine give up code and pages of its heap meanwhile, and at its end. */
  collectLocked() {
    lockProcessMemory();
    for (let round = 0; round < 4; round++) {
      for (let index = 0; index < 40; index++) {
        const text = `let sum = ${round}; for (let i = 0; i < n; i++) sum = (sum * ${index + 3} + i) | 0; return sum;`;
        const sum = new Function("n", text) as (n: number) => number;
        for (let call = 0; call < 3; call++) sum(20_000);
      }
      (globalThis as { gc?: () => void }).gc?.();
    }
    console.log(lockedKilobytes() > 0);
  },
};

await commands[process.argv[2]]();
