// Huge pages: taken where there are some, a helpful refusal where there are none, and a fall-back that says so.

import assert from "node:assert/strict";
import { readdirSync, statSync } from "node:fs";
import process from "node:process";
import { after, describe, it } from "node:test";
import {
  AnonymousMemory,
  advise,
  hugePagePools,
  IpcError,
  Mutex,
  Participants,
  prefault,
  SharedMemory,
} from "../../mod.ts";
import { hugePagesHint, hugeSizeFlag, withHugePages } from "../../src/memory/huge_pages.ts";
import { check } from "../../src/sys/error.ts";
import { MFD_CLOEXEC, MFD_HUGETLB, memfdCreate, O_RDWR, open } from "../../src/sys/memory.ts";
import { cleanUp, mainRuntimes, ownRuntime, runPeer, temporaryDirectory } from "../support/mod.ts";
import {
  canReserve,
  canSet,
  GIGABYTE_1,
  MEGABYTES_2,
  mappingFields,
  PRIVATE_TRANSPARENT,
  SHARED_TRANSPARENT,
  whileSettings,
  withSettings,
} from "./huge_pages_pool.ts";

const peer = new URL("./huge_pages_peer.ts", import.meta.url);
const MB = 2 ** 20;
const makers = {
  AnonymousMemory: (hugePages: "2MB" | "1GB" | "try") => AnonymousMemory.create({ size: 3 * MB, hugePages }),
  "shared AnonymousMemory": (hugePages: "2MB" | "1GB" | "try") =>
    AnonymousMemory.create({ size: 3 * MB, hugePages, shared: true }),
  "SharedMemory.anonymous": (hugePages: "2MB" | "1GB" | "try") => SharedMemory.anonymous({ size: 3 * MB, hugePages }),
};

function refusalOf(action: () => unknown): IpcError {
  try {
    action();
  } catch (error) {
    if (error instanceof IpcError) return error;
    throw error;
  }
  throw new assert.AssertionError({ message: "nothing was thrown" });
}

/** Another descriptor of what `fd` has open. */
const duplicate = (fd: number): number => open(`/proc/self/fd/${fd}`, O_RDWR, 0);
const available = (): number => hugePagePools().find((pool) => pool.pageSize === 2 * MB)?.available ?? 0;
const noPool = canReserve(MEGABYTES_2, 4) ? false : "no huge pages of 2 MB can be reserved here";
const noGigabyte = canReserve(GIGABYTE_1, 1) ? false : "no huge page of 1 GB can be reserved here";
const noSetting =
  canSet(SHARED_TRANSPARENT) && canSet(MEGABYTES_2) ? false : "transparent huge pages cannot be set here";
const noEmpty = canSet(MEGABYTES_2) ? false : "the pool of huge pages cannot be changed here";
const noMount = noPool || process.getuid?.() !== 0 ? "no hugetlbfs can be mounted here" : false;

describe("huge pages that are not there", () => {
  for (const [what, make] of Object.entries(makers)) {
    it(`${what}: ENOMEM, with how many are free and which setting to change`, { skip: noEmpty }, () => {
      withSettings({ [MEGABYTES_2]: 0 }, () => {
        const error = refusalOf(() => make("2MB"));
        assert.equal(error.code, "ENOMEM");
        const path = "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages";
        assert.match(
          error.message,
          /^Cannot \w+ \d+ bytes of anonymous .*: ENOMEM, .*\(0 of 0 huge pages of 2MB are free, 2 needed; /,
        );
        assert.ok(error.message.includes(`echo 2 > ${path}`), error.message);
      });
    });

    it(`${what}: "try" falls back and says so`, { skip: noEmpty }, () => {
      withSettings({ [MEGABYTES_2]: 0 }, () => {
        const memory = make("try");
        assert.ok(memory.pageSize < 2 * MB);
        assert.ok([undefined, "transparent"].includes(memory.hugePages), String(memory.hugePages));
        assert.deepEqual([memory.size, memory.bytes[4 * MB - 1]], [4 * MB, 0]);
        memory.bytes.fill(1);
        memory.close();
      });
    });
  }

  it("the hint counts what is missing, beyond what others have", () => {
    const [pool] = hugePagePools();
    if (pool === undefined) {
      assert.match(hugePagesHint(2 * MB, MB), /this kernel has no huge pages of 2MB; it has none/);
      return;
    }
    const missing = pool.available + 3;
    const expected = `${pool.available} of ${pool.total} huge pages of .* are free, ${missing} needed; as root: echo ${pool.total + 3} `;
    assert.match(hugePagesHint(pool.pageSize, missing * pool.pageSize), new RegExp(expected));
    assert.match(hugePagesHint(2 ** 34, 1), /this kernel has no huge pages of 16GB; it has .*2MB/);
  });

  it(`"try" falls back where the kernel has no pages of this size`, () => {
    const memfd = () => memfdCreate("huge", MFD_CLOEXEC | MFD_HUGETLB | hugeSizeFlag(16 * 2 ** 30)); // no processor's
    const explicit = () => check(memfd(), () => ({ syscall: "memfd_create", doing: "create memory" }));
    assert.match(refusalOf(explicit).code, /^(ENODEV|EINVAL|ENOSYS)$/);
    assert.equal(
      withHugePages("try", explicit, ({ isAdvised }) => (isAdvised ? -1 : 0)),
      -1,
    );
  });

  it("leaves no descriptor and no mapping when it fails", { skip: noEmpty }, () => {
    withSettings({ [MEGABYTES_2]: 0 }, () => {
      const open = () => readdirSync("/proc/self/fd").length;
      const before = open();
      for (let round = 0; round < 20; round++) refusalOf(() => makers["SharedMemory.anonymous"]("2MB"));
      assert.equal(open(), before);
    });
  });
});

describe("huge pages that are there", () => {
  for (const [what, make] of Object.entries(makers)) {
    it(`${what} takes them, in the kernel's own words too, and gives them back`, { skip: noPool }, () => {
      withSettings({ [MEGABYTES_2]: 4 }, () => {
        const before = available();
        for (const request of ["2MB", "try"] as const) {
          const memory = make(request);
          assert.deepEqual([memory.size, memory.pageSize, memory.hugePages], [4 * MB, 2 * MB, "2MB"]);
          assert.equal(mappingFields(memory.address).KernelPageSize, 2048);
          assert.equal(available(), before - 2, "all pages are there from the start");
          memory.bytes.fill(7);
          prefault(memory, { offset: 3 * MB, length: 1 });
          memory.close();
          assert.deepEqual([memory.size, memory.bytes[0], available()], [0, undefined, before]);
        }
      });
    });
  }

  it("can be had again and again: nothing leaks", { skip: noPool }, () => {
    withSettings({ [MEGABYTES_2]: 4 }, () => {
      for (let round = 0; round < 20; round++) for (const make of Object.values(makers)) make("2MB").close();
      const memory = AnonymousMemory.create({ size: 8 * MB, hugePages: "2MB" });
      memory.close();
    });
  });

  it("of 1 GB", { skip: noGigabyte }, () => {
    withSettings({ [GIGABYTE_1]: 1 }, () => {
      for (const make of Object.values(makers)) {
        const memory = make("1GB");
        assert.deepEqual([memory.size, memory.pageSize, memory.hugePages], [2 ** 30, 2 ** 30, "1GB"]);
        memory.bytes[2 ** 30 - 1] = 1;
        memory.close();
      }
    });
  });

  for (const runtime of mainRuntimes) {
    it(`are shared with a process of ${runtime.name}, by descriptor`, { skip: noPool }, async () => {
      await whileSettings({ [MEGABYTES_2]: 4 }, async () => {
        const memory = SharedMemory.anonymous({ size: 4 * MB, hugePages: "2MB" });
        memory.bytes[5] = 55;
        const end = await runPeer(runtime, peer, ["share"], { descriptors: [memory.fd] });
        assert.equal(end.stdout, `${4 * MB} ${2 * MB} 2MB 55\n`, end.stderr);
        assert.equal(memory.bytes[6], 66);
        memory.close();
      });
    });
  }

  it("take no participants, and join says why", { skip: noPool }, () => {
    withSettings({ [MEGABYTES_2]: 4 }, () => {
      const memory = SharedMemory.anonymous({ size: 2 * MB, hugePages: "2MB" });
      const participants = Participants.over(memory, 0);
      const expected = { name: "IpcError", code: "EINVAL", message: /cannot be had of huge ones \(2097152 bytes\)/ };
      assert.throws(() => participants.join(), expected);
      assert.throws(() => Mutex.over(memory, 8192, { participants }), expected);
      memory.close();
    });
  });

  it("refuse advice that is not for them, and blame no lock", { skip: noPool }, () => {
    withSettings({ [MEGABYTES_2]: 4 }, () => {
      const memory = makers["SharedMemory.anonymous"]("2MB");
      for (const advice of ["cold", "pageout"] as const) {
        const error = refusalOf(() => advise(memory, advice));
        assert.match(error.message, /EINVAL, invalid argument \(huge pages of a pool are never swapped\)$/);
      }
      assert.match(refusalOf(() => advise(memory, "collapse")).message, /\(these are huge pages already\)$/);
      memory.close();
    });
  });

  it("are mapped in windows of whole huge pages, and unmapped whatever the window's length", { skip: noPool }, () => {
    withSettings({ [MEGABYTES_2]: 4 }, () => {
      const memory = SharedMemory.anonymous({ size: 4 * MB, hugePages: "2MB", seal: false });
      const before = available();
      memory.bytes[2 * MB] = 5;
      const window = SharedMemory.fromDescriptor(duplicate(memory.fd), {
        offset: 2 * MB,
        length: 100,
        allowUnsealed: true,
      });
      assert.deepEqual([window.size, window.bytes[0]], [100, 5]);
      const { address } = window;
      window.close();
      assert.notEqual(mappingFields(address).KernelPageSize, 2048, "it is unmapped");
      const wrong = () => SharedMemory.fromDescriptor(duplicate(memory.fd), { offset: 4096, allowUnsealed: true });
      assert.throws(wrong, { name: "RangeError", message: /offset must be a multiple of 2097152/ });
      memory.close();
      assert.equal(available(), before + 2);
    });
  });

  it("are mapped read-only where no other page is left", { skip: noPool }, () => {
    withSettings({ [MEGABYTES_2]: 4 }, () => {
      const memory = SharedMemory.anonymous({ size: available() * 2 * MB, hugePages: "2MB" });
      memory.bytes[5] = 55;
      const reader = SharedMemory.fromDescriptor(duplicate(memory.fd), { readOnly: true });
      prefault(reader);
      memory.bytes[3 * MB] = 33;
      assert.deepEqual([available(), reader.bytes[5], reader.bytes[3 * MB], reader.lostPages], [0, 55, 33, 0]);
      reader.bytes[5] = 9; // for which there is no page: it is lost, and not the process
      assert.deepEqual([memory.bytes[5], memory.bytes[3 * MB]], [55, 33]);
      reader.close();
      memory.close();
    });
  });

  it("read as zeros where somebody has cut them off, and the process survives", { skip: noPool }, async () => {
    await whileSettings({ [MEGABYTES_2]: 4 }, async () => {
      const end = await runPeer(ownRuntime, peer, ["truncated"]);
      assert.equal(end.signal, null, `ended by ${end.signal}`);
      assert.equal(end.stdout, "1 0 1\n7 0 1\nalive 0\n", end.stderr);
    });
  });

  it("have names as files of a hugetlbfs", { skip: noMount }, async () => {
    await whileSettings({ [MEGABYTES_2]: 4 }, async () => {
      const directory = temporaryDirectory();
      const mounted = ["unshare", "-m", "sh", "-c", 'mount -t hugetlbfs none "$0" && exec "$@"', directory];
      const end = await runPeer(ownRuntime, peer, ["file", `${directory}/book`], { wrapper: mounted });
      const expected = [
        `${4 * MB} ${2 * MB} 2MB 2`,
        "9 RangeError: offset must be a multiple of 2097152, not 4096",
        "0",
        `1000 ${2 * MB}`,
        "huge pages of 2MB are free, 512 needed",
      ];
      assert.equal(end.stdout, `${expected.join("\n")}\n`, end.stderr);
    });
  });

  const beyond = [
    "ENOSPC 4 10 10 4",
    "ENOSPC 2 9 11 2",
    "ENOSPC 2 9 11 2",
    `${2 * MB} ${2 * MB} 55`,
    "undefined 1",
    `${4 * MB} 0`,
  ];
  const ends = { rw: ["ENOSPC 1 9 12 1", `${2 * MB}`], "size=64M": [`${2 * MB}`] };
  /** A hugetlbfs whose own limit is higher than the pool lets the kernel find out. */
  for (const [options, end] of Object.entries(ends)) {
    it(`beyond the pool: what is missing is told, and nothing is kept (${options})`, { skip: noMount }, async () => {
      await whileSettings({ [MEGABYTES_2]: 4 }, async () => {
        const directory = temporaryDirectory();
        const script = `mount -t hugetlbfs -o ${options} none "$0" && exec "$@"`;
        const wrapper = ["unshare", "-m", "sh", "-c", script, directory];
        const { stdout, stderr } = await runPeer(ownRuntime, peer, ["beyondPool", directory, options], { wrapper });
        assert.equal(stdout, `${[...beyond, ...end].join("\n")}\n`, stderr);
      });
    });
  }

  it("SharedMemory.resize beyond the pool tells what is missing, and keeps nothing", { skip: noPool }, () => {
    withSettings({ [MEGABYTES_2]: 4 }, () => {
      const memory = SharedMemory.anonymous({ size: 2 * MB, hugePages: "2MB", seal: false });
      memory.bytes[5] = 55;
      const before = available();
      const error = refusalOf(() => memory.resize(40 * MB));
      const expected = new RegExp(`ENOSPC, .*\\(${before} of \\d+ huge pages of 2MB are free, 19 needed; `);
      assert.match(error.message, expected);
      assert.deepEqual(
        [memory.size, statSync(`/proc/self/fd/${memory.fd}`).size, available()],
        [2 * MB, 2 * MB, before],
      );
      memory.resize(4 * MB);
      assert.deepEqual(
        [memory.size, memory.bytes[5], memory.bytes[4 * MB - 1], available()],
        [4 * MB, 55, 0, before - 1],
      );
      memory.close();
    });
  });
});

describe("transparent huge pages", () => {
  after(cleanUp); // here, in the last group

  const kinds = [
    ["AnonymousMemory", PRIVATE_TRANSPARENT, "madvise", "AnonHugePages"],
    ["SharedMemory.anonymous", SHARED_TRANSPARENT, "advise", "ShmemPmdMapped"],
  ] as const;
  for (const [what, setting, advised, field] of kinds) {
    it(`${what}: stand in where the setting allows them by advice, and only there`, { skip: noSetting }, () => {
      withSettings({ [MEGABYTES_2]: 0, [setting]: advised }, () => {
        const memory = makers[what]("try");
        assert.deepEqual([memory.hugePages, memory.pageSize < 2 * MB], ["transparent", true]);
        prefault(memory);
        assert.ok(mappingFields(memory.address)[field] > 0, JSON.stringify(mappingFields(memory.address)));
        memory.close();
      });
      withSettings({ [MEGABYTES_2]: 0, [setting]: "never" }, () => {
        const memory = makers[what]("try");
        assert.equal(memory.hugePages, undefined);
        memory.close();
      });
    });
  }

  it("SharedMemory.resize asks for them again, where the memory had them", { skip: noSetting }, () => {
    withSettings({ [MEGABYTES_2]: 0, [SHARED_TRANSPARENT]: "advise" }, () => {
      const memory = SharedMemory.anonymous({ size: 4 * MB, hugePages: "try", seal: false });
      memory.bytes.fill(7);
      memory.resize(12 * MB);
      memory.bytes.fill(8, 4 * MB);
      assert.deepEqual([memory.hugePages, memory.bytes[0], memory.bytes[12 * MB - 1]], ["transparent", 7, 8]);
      assert.ok(mappingFields(memory.address).ShmemPmdMapped > 0);
      memory.close();
      const plain = SharedMemory.anonymous({ size: 4 * MB, seal: false });
      plain.resize(12 * MB);
      assert.equal(plain.hugePages, undefined);
      plain.close();
    });
  });

  it("are not claimed where nobody asked", () => {
    const memory = AnonymousMemory.create({ size: 4 * MB });
    assert.deepEqual([memory.hugePages, memory.size], [undefined, 4 * MB]);
    memory.close();
  });
});
