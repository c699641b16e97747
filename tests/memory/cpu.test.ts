// Processors: where threads run and how they are scheduled, as the kernel sees it.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { after, describe, it } from "node:test";
import { alignUp, cacheLineSize, cpu } from "../../mod.ts";
import { cleanUp, ownRuntime, refusing, runPeer, sleep, temporaryDirectory } from "../support/mod.ts";

const peer = new URL("./cpu_peer.ts", import.meta.url);
const online = cpu.online();
const allowed = cpu.affinity();
const last = allowed[allowed.length - 1];

/** What the kernel says of each thread of this process. */
function threads(field: string): string[] {
  return readdirSync("/proc/self/task").flatMap((thread) => {
    try {
      const status = readFileSync(`/proc/self/task/${thread}/status`, "utf8");
      return new RegExp(`^${field}:\\s+(.*)$`, "m").exec(status)?.[1] ?? [];
    } catch {
      return []; // ended meanwhile
    }
  });
}
const bad = <T>(value: unknown) => value as T;

describe("cpu.pin", () => {
  it("pins every thread of the process, and those to come", async () => {
    cpu.pin(last);
    assert.deepEqual(cpu.affinity(), [last]);
    assert.equal(cpu.current(), last);
    await Promise.all(["a", "b", "c", "d"].map((part) => sleep(part.length))); // lets the runtime start what it likes
    assert.deepEqual([...new Set(threads("Cpus_allowed_list"))], [String(last)]);
    cpu.unpin();
    assert.deepEqual(cpu.affinity(), allowed);
    assert.equal(new Set(threads("Cpus_allowed_list")).size, 1);
  });

  it("pins the calling thread alone", () => {
    cpu.pin([last], { scope: "thread" });
    assert.deepEqual(cpu.affinity(), [last]);
    const lists = threads("Cpus_allowed_list");
    if (allowed.length > 1) assert.ok(new Set(lists).size === 2 || lists.length === 1, lists.join(" "));
    cpu.unpin({ scope: "thread" });
    assert.deepEqual(cpu.affinity(), allowed);
  });

  it("takes several processors", () => {
    cpu.pin(allowed);
    assert.deepEqual(cpu.affinity(), allowed);
    cpu.unpin();
  });

  const unknown = Math.max(...online) + 1;
  const wrong: [string, string, () => unknown][] = [
    ["a processor that does not exist", "RangeError", () => cpu.pin(unknown)],
    ["one that does not exist among others", "RangeError", () => cpu.pin([last, unknown])],
    ["a negative number", "RangeError", () => cpu.pin(-1)],
    ["an empty list", "RangeError", () => cpu.pin([])],
    ["a word", "TypeError", () => cpu.pin(bad("0"))],
    ["nothing", "TypeError", () => cpu.pin(bad(undefined))],
    ["an unknown scope", "RangeError", () => cpu.pin(last, { scope: bad("machine") })],
    ["a scope that is no word", "TypeError", () => cpu.pin(last, { scope: bad(1) })],
    ["an unknown option", "TypeError", () => cpu.pin(last, bad({ thread: true }))],
    ["an unknown option of unpin", "TypeError", () => cpu.unpin(bad({ thread: true }))],
  ];
  for (const [what, name, action] of wrong) {
    it(`refuses ${what}, and changes nothing`, () => {
      assert.throws(action, { name });
      assert.deepEqual(cpu.affinity(), allowed);
    });
  }

  it("that is refused by a seccomp profile says so", async () => {
    for (const [number, code] of [
      [1, "EPERM"],
      [38, "ENOSYS"],
    ] as const) {
      const end = await runPeer(ownRuntime, peer, ["pinInVain"], { wrapper: refusing(["sched_setaffinity"], number) });
      const hint = "(a seccomp profile or a sandbox refuses it)";
      assert.equal(end.stdout, `${code} sched_setaffinity ${hint}\ntrue\n`, end.stderr);
    }
  });

  const few = process.getuid?.() === 0 && allowed.length > 1 ? false : "needs root to mount, and two processors";
  it("takes those that the thread may run on, also where lxcfs shows others", { skip: few }, async () => {
    const shown = join(temporaryDirectory(), "online");
    writeFileSync(shown, `${allowed[0]}\n`);
    const script = `mount --bind ${shown} /sys/devices/system/cpu/online && exec "$@"`;
    const end = await runPeer(ownRuntime, peer, ["pinToEach"], {
      wrapper: ["unshare", "-m", "sh", "-c", script, "sh"],
    });
    const each = allowed.map((one) => `undefined${one}`);
    assert.equal(end.stdout, `${allowed[0]} ${each.join()}\n`, end.stderr);
  });

  it("says which processors there are", () => {
    const message = new RegExp(`there is no processor ${unknown} \\(there is ${online.join(", ")}\\)`);
    assert.throws(() => cpu.pin(unknown), { message });
  });
});

const groups = "/sys/fs/cgroup/cpuset";
const group = `${groups}/linux-ipc-test-${process.pid}`;

function makeGroup(): boolean {
  try {
    if (!existsSync(`${groups}/cpuset.cpus`) || allowed.length < 2) return false;
    mkdirSync(group);
    writeFileSync(`${group}/cpuset.cpus`, String(last));
    writeFileSync(`${group}/cpuset.mems`, readFileSync(`${groups}/cpuset.mems`, "utf8"));
    return true;
  } catch {
    return false; // a container may look, but not make one
  }
}
const noGroup = makeGroup() ? false : "no cpuset control group (version 1) can be made here";

describe("cpu.pin in a control group", () => {
  after(() => {
    if (existsSync(group)) rmdirSync(group);
  });

  it("is all or nothing: EINVAL, and the affinity stays", { skip: noGroup }, async () => {
    const inside = ["sh", "-c", `echo $$ > ${group}/cgroup.procs && exec "$@"`, "sh"];
    const end = await runPeer(ownRuntime, peer, ["pin"], { wrapper: inside });
    const [first, second, third] = end.stdout.split("\n");
    const hint = "(its control group (cpuset.cpus) does not have all of them)";
    assert.equal(first, `${last} EINVAL sched_setaffinity ${hint} true`, end.stderr);
    assert.equal(second, `undefined ${last}`);
    assert.equal(third, String(last));
  });
});

function mayBeRealTime(): boolean {
  try {
    cpu.setScheduler("fifo", 1);
    cpu.setScheduler("other");
    return true;
  } catch {
    return false;
  }
}
const noRealTime = mayBeRealTime() ? false : "this process may not be scheduled in real time (CAP_SYS_NICE)";
const noRoot = process.getuid?.() === 0 ? false : "needs root to give up its rights";
/** Runs the peer as somebody without rights. */
const nobody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "--bounding-set", "-all"];

describe("cpu.setScheduler", () => {
  after(cleanUp);

  it("sets the real-time policies and their priorities", { skip: noRealTime }, () => {
    for (const [policy, priority] of [
      ["fifo", 1],
      ["fifo", 99],
      ["round-robin", 50],
    ] as const) {
      cpu.setScheduler(policy, priority);
      const found = cpu.scheduler();
      cpu.setScheduler("other");
      assert.deepEqual(found, { policy, priority });
    }
    assert.deepEqual(cpu.scheduler(), { policy: "other", priority: 0 });
  });

  it("in real time is not inherited, unless it shall be", { skip: noRealTime }, () => {
    const policyOfChild = () => {
      const stat = execFileSync("cat", ["/proc/self/stat"], { encoding: "utf8" });
      return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[38]; // field 41, counted after the name
    };
    cpu.setScheduler("fifo", 1);
    const usual = policyOfChild();
    cpu.setScheduler("fifo", 1, { inherit: true });
    const inherited = policyOfChild();
    cpu.setScheduler("other");
    assert.deepEqual([usual, inherited], ["0", "1"]);
  });

  it("sets the policies of ordinary threads, by anybody", () => {
    cpu.setScheduler("batch");
    assert.deepEqual(cpu.scheduler(), { policy: "batch", priority: 0 });
    cpu.setScheduler("other", 0);
    assert.deepEqual(cpu.scheduler(), { policy: "other", priority: 0 });
  });

  it("tells what is missing to whoever may not: EPERM, and the limit", { skip: noRoot }, async () => {
    const end = await runPeer(ownRuntime, peer, ["schedule"], { wrapper: nobody });
    const [real, idle, policy, other, inherit] = end.stdout.split("\n");
    assert.match(
      real,
      /^EPERM sched_setscheduler \(it needs CAP_SYS_NICE or a limit RTPRIO of 10, which is 0: ulimit -r/,
      end.stderr,
    );
    assert.deepEqual([idle, policy], ["undefined", "idle"]);
    assert.match(
      other,
      /^EPERM sched_setscheduler \(an idle thread needs CAP_SYS_NICE or a limit NICE of 20, which is 0:/,
    );
    assert.match(inherit, /^EPERM sched_setscheduler \(what is not inherited cannot be made so again/);
  });

  const wrong: [string, string, () => unknown][] = [
    ["an unknown policy", "RangeError", () => cpu.setScheduler(bad("deadline"), 1)],
    ["a policy that is no word", "TypeError", () => cpu.setScheduler(bad(1), 1)],
    ["fifo without a priority", "TypeError", () => cpu.setScheduler("fifo")],
    ["fifo with priority 0", "RangeError", () => cpu.setScheduler("fifo", 0)],
    ["fifo with priority 100", "RangeError", () => cpu.setScheduler("fifo", 100)],
    ["other with a priority", "RangeError", () => cpu.setScheduler("other", 1)],
    ["an unknown option", "TypeError", () => cpu.setScheduler("other", 0, bad({ nice: 1 }))],
    ["inherit that is no boolean", "TypeError", () => cpu.setScheduler("other", 0, { inherit: bad(1) })],
  ];
  for (const [what, name, action] of wrong) it(`refuses ${what}`, () => assert.throws(action, { name }));
});

describe("cache lines", () => {
  it("are as long as the kernel says", () => {
    const size = cacheLineSize();
    assert.ok([32, 64, 128, 256].includes(size), `${size}`);
    assert.equal(cacheLineSize(), size);
  });

  it("alignUp gives the next multiple", () => {
    for (const [bytes, alignment, expected] of [
      [0, 64, 0],
      [1, 64, 64],
      [64, 64, 64],
      [65, 64, 128],
      [10, 3, 12],
      [7, 1, 7],
    ]) {
      assert.equal(alignUp(bytes, alignment), expected);
    }
    assert.equal(alignUp(1), cacheLineSize());
    assert.equal(alignUp(2 ** 52 + 1, 4096), 2 ** 52 + 4096);
    for (const wrong of [-1, 0.5, Number.NaN, 2 ** 53]) assert.throws(() => alignUp(wrong, 64), RangeError);
    for (const wrong of [0, -64, 0.5]) assert.throws(() => alignUp(1, wrong), RangeError);
    assert.throws(() => alignUp(bad("1")), TypeError);
  });
});
