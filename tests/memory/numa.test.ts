// NUMA: nodes, policies and the whereabouts of pages, by the kernel's own answers.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { after, describe, it } from "node:test";
import { AnonymousMemory, MappedFile, numa, prefault, SharedMemory } from "../../mod.ts";
import { getMempolicy, MPOL_F_MEMS_ALLOWED } from "../../src/sys/numa.ts";
import { cleanUp, ownRuntime, refusing, runPeer, temporaryDirectory, uniqueName } from "../support/mod.ts";

const peer = new URL("./numa_peer.ts", import.meta.url);
const nodes = numa.nodes();
const [{ id: node }] = nodes;
const all = nodes.filter((one) => one.totalBytes > 0).map((one) => one.id);
const unknown = Math.max(...nodes.map((one) => one.id)) + 1;

function refusal(): string | false {
  try {
    numa.policy();
    return false;
  } catch (error) {
    return `NUMA calls are refused here: ${(error as Error).message}`;
  }
}
const noFiles = existsSync("/sys/devices/system/node/online") ? false : "a kernel without NUMA has no files about it";
const skip = refusal() === false ? false : "NUMA calls are refused here (a container without CAP_SYS_NICE?)";

/** The policy of the mapping at `address`, as /proc/self/numa_maps says it. */
function kernelPolicy(address: number): string | undefined {
  const lines = readFileSync("/proc/self/numa_maps", "utf8").split("\n");
  return lines.find((line) => line.startsWith(address.toString(16).padStart(8, "0")))?.split(" ")[1];
}

describe("numa.nodes", () => {
  it("tells each node's processors, memory and distances", () => {
    assert.ok(nodes.length > 0);
    for (const one of nodes) {
      assert.ok(one.freeBytes >= 0 && one.freeBytes <= one.totalBytes, `${one.freeBytes} of ${one.totalBytes}`);
      assert.equal(one.distances.length, nodes.length);
      assert.ok(one.distances.every((distance) => distance >= 10));
    }
    assert.ok(nodes.some((one) => one.cpus.length > 0 && one.totalBytes > 2 ** 26));
    const cpus = nodes.flatMap((one) => one.cpus);
    assert.equal(new Set(cpus).size, cpus.length, "no processor belongs to two nodes");
  });

  it("agrees with the kernel's files", { skip: noFiles }, () => {
    for (const { id, cpus, totalBytes } of nodes) {
      const read = (name: string) => readFileSync(`/sys/devices/system/node/node${id}/${name}`, "utf8");
      assert.equal(Number(/MemTotal: +(\d+) kB/.exec(read("meminfo"))?.[1]) * 1024, totalBytes);
      assert.equal(read("cpulist").trim() === "", cpus.length === 0);
      assert.ok(read("cpulist").startsWith(String(cpus[0] ?? "")));
    }
  });

  it("current is the node of the processor that we run on", () => {
    assert.ok(nodes.some((one) => one.id === numa.current()));
  });
});

describe("numa.alloc", () => {
  it("gives memory whose pages come from the node", { skip }, () => {
    const memory = numa.alloc(1 << 20, { node });
    assert.deepEqual(numa.policy(memory), { policy: "bind", nodes: [node] });
    assert.equal(kernelPolicy(memory.address), `bind:${node}`);
    assert.ok(
      numa.pages(memory).every((page) => page === -1),
      "no page is there before its first use",
    );
    memory.bytes[5000] = 1;
    assert.deepEqual([...numa.pages(memory, { length: 12_288 })], [-1, node, -1]);
    memory.close();
    const populated = numa.alloc(1 << 20, { node, populate: true, shared: true });
    assert.deepEqual([...new Set(numa.pages(populated))], [node]);
    populated.close();
  });

  it("refuses what is no node of this machine", () => {
    assert.throws(() => numa.alloc(4096, { node: unknown }), {
      name: "RangeError",
      message: new RegExp(
        `there is no NUMA node ${unknown} \\(this machine has ${nodes.map((one) => one.id).join(", ")}\\)`,
      ),
    });
    for (const wrong of [-1, 0.5, 1024, Number.NaN]) {
      assert.throws(() => numa.alloc(4096, { node: wrong }), RangeError, String(wrong));
    }
    const bad = <T>(value: unknown) => value as T;
    for (const wrong of [undefined, null, {}, { node: "0" }, { node: 0, size: 1, mode: 1 }]) {
      assert.throws(() => numa.alloc(4096, bad(wrong)), TypeError, JSON.stringify(wrong));
    }
    assert.throws(() => numa.alloc(4096, bad({ nod: 0 })), {
      message: /^numa\.alloc has no option "nod" \(it has shared,/,
    });
    assert.throws(() => numa.alloc(0, { node }), RangeError);
  });
});

describe("numa.bind", () => {
  const directory = temporaryDirectory();
  const kinds = {
    SharedMemory: () => SharedMemory.anonymous({ size: 1 << 20 }),
    AnonymousMemory: () => AnonymousMemory.create({ size: 1 << 20, populate: true }),
    MappedFile: () => MappedFile.openOrCreate(join(directory, "bound"), { size: 1 << 20, populate: true }),
  };
  for (const [what, make] of Object.entries(kinds)) {
    it(`binds a ${what} by every policy`, { skip }, () => {
      const memory = make();
      const text = all.length === 1 ? `${all[0]}` : `.*`;
      for (const [request, expected, inKernel] of [
        [{ node }, { policy: "bind", nodes: [node] }, `bind:${node}`],
        [{ policy: "preferred", node }, { policy: "preferred", nodes: [node] }, `prefer(?: \\(many\\))?:${node}`],
        [{ policy: "interleave", nodes: all }, { policy: "interleave", nodes: all }, `interleave:${text}`],
        [{ policy: "bind", nodes: all, strict: false }, { policy: "bind", nodes: all }, `bind:${text}`],
        [{ policy: "local" }, { policy: "local", nodes: [] }, "local"],
        [{ policy: "default", move: false }, { policy: "default", nodes: [] }, "default"],
      ] as const) {
        numa.bind(memory, request as Parameters<typeof numa.bind>[1]);
        assert.deepEqual(numa.policy(memory), expected);
        assert.match(String(kernelPolicy(memory.address)), new RegExp(`^${inKernel}$`));
      }
      memory.close();
    });
  }

  it("binds a range of pages, and leaves the others", { skip }, () => {
    const memory = AnonymousMemory.create({ size: 16_384 });
    numa.bind(memory, { node, offset: 5000, length: 1 });
    assert.deepEqual(numa.policy(memory, 8191), { policy: "bind", nodes: [node] });
    for (const offset of [0, 4095, 8192]) assert.equal(numa.policy(memory, offset).policy, "default");
    memory.close();
  });

  it("keeps the bytes and tells where the pages are", { skip }, () => {
    const memory = SharedMemory.anonymous({ size: 5 << 20 });
    memory.bytes.fill(9);
    numa.bind(memory, { node });
    prefault(memory);
    const found = numa.pages(memory);
    assert.equal(found.length, (5 << 20) / memory.pageSize, "more than one call of the kernel can tell");
    assert.ok(found.every((page) => page === node));
    assert.ok(memory.bytes.every((byte) => byte === 9));
    memory.close();
  });

  it("belongs to shared memory, not to the process: another mapping of it has the policy too", { skip }, () => {
    const name = uniqueName("bound");
    const memory = SharedMemory.create(name, { size: 8192, unlinkOnClose: true });
    numa.bind(memory, { policy: "interleave", nodes: all });
    const other = SharedMemory.open(name);
    assert.deepEqual(numa.policy(other), { policy: "interleave", nodes: all });
    other.close();
    memory.close();
  });

  const bad = <T>(value: unknown) => value as T;
  const memory = AnonymousMemory.create({ size: 8192 });
  const wrong: [string, string, () => unknown][] = [
    ["an unknown node", "RangeError", () => numa.bind(memory, { node: unknown })],
    ["an unknown node among others", "RangeError", () => numa.bind(memory, { nodes: [node, unknown] })],
    ["no node", "RangeError", () => numa.bind(memory, {})],
    ["no options", "RangeError", () => numa.bind(memory, bad(undefined))],
    ["an empty list", "RangeError", () => numa.bind(memory, { nodes: [] })],
    ["two preferred nodes", "RangeError", () => numa.bind(memory, { policy: "preferred", nodes: [0, 0] })],
    ["a node for the local policy", "RangeError", () => numa.bind(memory, { policy: "local", node })],
    ["an unknown policy", "RangeError", () => numa.bind(memory, { policy: bad("spread"), node })],
    ["node and nodes", "TypeError", () => numa.bind(memory, { node, nodes: [node] })],
    ["nodes that are no list", "TypeError", () => numa.bind(memory, { nodes: bad(0) })],
    ["a node that is no number", "TypeError", () => numa.bind(memory, { node: bad("0") })],
    ["an unknown option", "TypeError", () => numa.bind(memory, bad({ node, size: 1 }))],
    ["move that is no boolean", "TypeError", () => numa.bind(memory, { node, move: bad(1) })],
    ["strict that is no boolean", "TypeError", () => numa.bind(memory, { node, strict: bad(0) })],
    ["a range outside", "RangeError", () => numa.bind(memory, { node, offset: 8192 })],
    ["what is no memory", "TypeError", () => numa.bind(bad({}), { node })],
    ["nothing", "TypeError", () => numa.pages(bad(undefined))],
    ["no memory in place of memory", "TypeError", () => numa.policy(bad(null))],
    ["bytes in place of memory", "TypeError", () => numa.pages(bad(new Uint8Array(4096)))],
  ];
  for (const [what, name, action] of wrong) it(`refuses ${what}`, () => assert.throws(action, { name }));

  it("refuses memory that is closed", () => {
    memory.close();
    for (const action of [() => numa.bind(memory, { node }), () => numa.pages(memory), () => numa.policy(memory)]) {
      assert.throws(action, { name: "IpcError", code: "EBADF", message: /the memory is closed/ });
    }
  });
});

describe("numa.setPolicy", () => {
  it("may use the nodes that the control group has, as the kernel tells them", { skip }, () => {
    const allowed = getMempolicy(0, MPOL_F_MEMS_ALLOWED);
    assert.ok(typeof allowed === "object" && allowed.nodes.includes(node));
    assert.ok(allowed.nodes.every((one) => all.includes(one)));
  });

  it("sets the policy of this thread, and takes it back", { skip }, () => {
    assert.equal(numa.policy().policy, "default");
    for (const [request, expected] of [
      [{ node }, { policy: "bind", nodes: [node] }],
      [
        { policy: "preferred", node },
        { policy: "preferred", nodes: [node] },
      ],
      [
        { policy: "interleave", nodes: all },
        { policy: "interleave", nodes: all },
      ],
      [{ policy: "local" }, { policy: "local", nodes: [] }],
      [{ policy: "default" }, { policy: "default", nodes: [] }],
    ] as const) {
      numa.setPolicy(request as Parameters<typeof numa.setPolicy>[0]);
      assert.deepEqual(numa.policy(), expected);
    }
    assert.throws(() => numa.setPolicy({ node: unknown }), RangeError);
    assert.throws(() => numa.setPolicy({ move: true } as object), TypeError);
    assert.equal(numa.policy().policy, "default");
  });
});

describe("NUMA calls that are refused", () => {
  after(cleanUp); // here, in the last group: all of them use one directory

  async function under(number: number, wrapper: string[] = []): Promise<string[]> {
    const end = await runPeer(ownRuntime, peer, [], {
      wrapper: [...wrapper, ...refusing(["mbind", "set_mempolicy", "get_mempolicy", "move_pages"], number)],
    });
    assert.equal(end.code, 0, end.stderr);
    return end.stdout.trim().split("\n");
  }

  const refused = (code: string, hint: string) => [
    `alloc: ${code} mbind ${hint}`,
    `bind: ${code} mbind ${hint}`,
    `pages: ${code} move_pages ${hint}`,
    `setPolicy: ${code} set_mempolicy ${hint}`,
    `policy: ${code} get_mempolicy ${hint}`,
    `policy of memory: ${code} get_mempolicy ${hint}`,
    "nodes: true",
    `huge pages: ${code} mbind ${hint}`,
  ];

  it("by a seccomp profile: EPERM, and what allows them; the rest works", async () => {
    const hint = "(a seccomp profile refuses it; docker run --cap-add SYS_NICE allows it)";
    assert.deepEqual(await under(1), refused("EPERM", hint));
  });

  const isWithout = noFiles === false ? false : "this kernel has no NUMA";
  it("by a sandbox that says ENOSYS, where the kernel has NUMA: the same", { skip: isWithout }, async () => {
    assert.deepEqual(await under(38), refused("ENOSYS", "(a seccomp profile or a sandbox refuses it)"));
  });

  const notRoot = process.getuid?.() === 0 ? false : "needs root to mount";
  it("by a kernel without NUMA: node 0 is all there is, so it is granted; where pages are is not known", {
    skip: notRoot,
  }, async () => {
    const hide = '[ ! -e /sys/devices/system/node ] || mount -t tmpfs none /sys/devices/system/node; exec "$@"';
    const hint = "(this kernel was built without NUMA)";
    const expected = ["alloc: made", "bind: undefined", `pages: ENOSYS move_pages ${hint}`, "setPolicy: undefined"];
    const rest = ["policy: default", "policy of memory: default", "nodes: true", `huge pages: ${2 ** 21}`];
    assert.deepEqual(await under(38, ["unshare", "-m", "sh", "-c", hide, "sh"]), [...expected, ...rest]);
  });
});
