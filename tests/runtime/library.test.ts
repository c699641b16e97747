// The library: found, refused when it is another one, loaded from the embedded copy, absent where there is no Linux.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import process from "node:process";
import { after, describe, it } from "node:test";
import {
  cleanUp,
  compileC,
  ownRuntime,
  type PeerOptions,
  projectRoot,
  runPeer,
  spawnProgram,
  temporaryDirectory,
} from "../support/mod.ts";

const peer = new URL("./peer.ts", import.meta.url);
const notDeno = ownRuntime.name !== "deno" && "only Deno has such permissions";
const notNode = ["bun", "deno"].includes(ownRuntime.name) && "only Node has such permissions";

/** The errors of two first calls in a new process. */
async function firstCalls(options: PeerOptions, command = ["firstCall"], script: string | URL = peer) {
  const end = await runPeer(ownRuntime, script, command, options);
  assert.equal(end.code, 0, end.stderr);
  return JSON.parse(end.stdout) as { name: string; message: string; code?: string }[];
}

/** The whole shim, but of another ABI. */
function shimOfAbi(version: number): string {
  const folder = `${projectRoot}shim/`;
  const hash = createHash("sha256");
  for (const file of readdirSync(folder).sort()) hash.update(readFileSync(folder + file));
  const source = `// ${hash.digest("hex")}
#define _GNU_SOURCE
#include "${folder}linux_ipc_shim.h"
#undef LIPC_ABI_VERSION
#define LIPC_ABI_VERSION ${version}
#include "${folder}environment.c"
`;
  const others = readdirSync(folder).filter((file) => file.endsWith(".c") && file !== "environment.c");
  const headers = createRequire(import.meta.url)("node-api-headers").include_dir;
  const parameters = [...others.map((file) => folder + file), "-isystem", headers, "-Wno-macro-redefined", "-nostdlib"];
  return compileC(source, { shared: true, parameters });
}

/** A library that shares nothing with ours but its entry: what a far version may look like. */
const farLibrary = `#include <stdint.h>
int32_t lipc_abi_version(void) { return 77; }
void *napi_register_module_v1(void *env, void *exports) { (void)env; return exports; }
`;

describe("library", () => {
  after(cleanUp);

  it("of another ABI is refused: the error names the file, its ABI and ours", async () => {
    const path = shimOfAbi(4711);
    const [first, second] = await firstCalls({ environment: { LINUX_IPC_LIBRARY: path } });
    assert.match(first.message, /^Cannot load linux-ipc: .*ABI 4711.*needs \d+/);
    assert.ok(first.message.includes(path));
    assert.deepEqual(second, first);
  });

  it("of another ABI is refused also when it lacks the functions of ours", async () => {
    const path = compileC(farLibrary, { shared: true });
    const [first] = await firstCalls({ environment: { LINUX_IPC_LIBRARY: path } });
    assert.match(first.message, /^Cannot load linux-ipc: .*ABI unknown, this version needs \d+/);
  });

  it("that is missing is an error that names the path, at each call", async () => {
    const path = "/nowhere/linux-ipc.so";
    const [first, second] = await firstCalls({ environment: { LINUX_IPC_LIBRARY: path } });
    assert.ok(first.message.includes(path), first.message);
    assert.ok(second.message.includes(path), second.message);
  });

  it("is the usual one where the variable that would name another is empty", async () => {
    const end = await runPeer(ownRuntime, peer, ["backend"], { environment: { LINUX_IPC_LIBRARY: "" } });
    assert.equal(end.code, 0, end.stderr);
  });

  for (const flag of ["--allow-ffi", `--allow-ffi=native/linux-ipc-${process.arch}.so`]) {
    it(`needs no permission of Deno but ${flag}`, { skip: notDeno }, async () => {
      const program = "const m = SharedMemory.anonymous({ size: 1 }); console.log(m.size); m.close();";
      const script = join(temporaryDirectory(), "program.ts");
      writeFileSync(script, `import { SharedMemory } from ${JSON.stringify(`${projectRoot}mod.ts`)};\n${program}\n`);
      const environment = { LINUX_IPC_LIBRARY: "/nowhere/linux-ipc.so" }; // which it may not read
      const parameters = ["run", "--no-prompt", "--no-check", flag, script];
      const end = await spawnProgram(ownRuntime.command, parameters, { environment }).ended;
      assert.deepEqual([end.stdout, end.code], ["1\n", 0], end.stderr);
    });
  }

  for (const flags of [["--permission", "--allow-fs-read=*"], ["--no-addons"]]) {
    it(`that Node may not load is an error that names us, and --allow-addons: ${flags[0]}`, {
      skip: notNode,
    }, async () => {
      const [first, second] = await firstCalls({ parameters: flags });
      assert.match(first.message, /^Cannot load linux-ipc: .*disabled \(with --permission, Node needs --allow-addons/);
      assert.deepEqual(second, first);
    });
  }

  it("needs no permission of Node but --allow-addons, and to read", { skip: notNode }, async () => {
    const parameters = ["--permission", "--allow-fs-read=*", "--allow-addons"];
    if (ownRuntime.name === "node-ffi") parameters.push("--allow-ffi");
    const end = await runPeer(ownRuntime, peer, ["backend"], { parameters });
    assert.equal(end.code, 0, end.stderr);
  });

  for (const [platform, cpu] of [["darwin"], ["win32"], ["linux", "ia32"]]) {
    it(`can be imported on ${platform} ${cpu ?? ""}; the first call throws a clear error`, async () => {
      const [first, second] = await firstCalls({}, ["elsewhere", platform, cpu ?? ""]);
      const reason = cpu === undefined ? `it needs Linux, and this is ${platform}` : `no build for ${cpu}`;
      assert.ok(first.message.startsWith("Cannot use linux-ipc here: "), first.message);
      assert.ok(first.message.includes(reason), first.message);
      assert.deepEqual(second, first);
    });
  }

  it("refuses a runtime that is too old to close memory; the first call says which ones are new enough", async () => {
    const [first, second] = await firstCalls({}, ["withoutTransfer"]);
    assert.match(first.message, /^Cannot use linux-ipc here: it needs Node 22\.18, Bun 1\.4, Deno 2\.9 or newer/);
    assert.deepEqual(second, first);
  });
});

/** A copy of the package without its libraries, and a program of these tests in it. */
function copyWithoutLibrary(program = "peer.ts"): { script: string; temporary: string } {
  const folder = temporaryDirectory();
  for (const part of ["mod.ts", "src", "native/embedded.ts"]) {
    cpSync(projectRoot + part, join(folder, part), { recursive: true });
  }
  mkdirSync(join(folder, "tests/runtime"), { recursive: true });
  cpSync(new URL(program, import.meta.url), join(folder, "tests/runtime", program));
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  symlinkSync(`${projectRoot}node_modules`, join(folder, "node_modules"));
  const temporary = join(folder, "temporary");
  mkdirSync(temporary);
  return { script: join(folder, "tests/runtime", program), temporary };
}

describe("embedded library", () => {
  after(cleanUp);

  it("is loaded where none lies beside the module, and leaves no file", async () => {
    const { script, temporary } = copyWithoutLibrary();
    const end = await runPeer(ownRuntime, script, ["backend"], { environment: { TMPDIR: temporary } });
    assert.equal(end.code, 0, end.stderr);
    assert.equal(JSON.parse(end.stdout).pid, JSON.parse(end.stdout).processPid);
    assert.deepEqual(readdirSync(temporary), []);
  });

  for (const [what, make] of [
    ["of another version", () => shimOfAbi(4711)],
    ["that is none", () => import.meta.filename],
  ] as const) {
    it(`is loaded where a library ${what} lies beside the module, as it may beside a bundle`, async () => {
      const { script } = copyWithoutLibrary();
      cpSync(make(), join(script, `../../../native/linux-ipc-${process.arch}.so`));
      const end = await runPeer(ownRuntime, script, ["backend"]);
      assert.equal(end.code, 0, end.stderr);
    });
  }

  it("that Node may not write is an error that names us, and --allow-fs-write", { skip: notNode }, async () => {
    const { script } = copyWithoutLibrary();
    const parameters = ["--permission", "--allow-fs-read=*", "--allow-addons"];
    const [first, second] = await firstCalls({ parameters }, ["firstCall"], script);
    assert.match(first.message, /^Cannot load linux-ipc from its embedded copy, .*--allow-fs-write/);
    assert.deepEqual(second, first);
  });

  it("is loaded where the process's own directory has been removed", async () => {
    const { script, temporary } = copyWithoutLibrary();
    const end = await runPeer(ownRuntime, script, ["backendNowhere"], { environment: { TMPDIR: temporary } });
    assert.equal(end.code, 0, end.stderr);
  });

  for (const by of ["its path", "a link"]) {
    it(`is one for all Workers of a process, also behind their ends (temporary directory by ${by})`, async () => {
      const { script, temporary } = copyWithoutLibrary("successive_workers.ts");
      const link = `${temporary}-link`;
      symlinkSync(temporary, link);
      const environment = { TMPDIR: by === "a link" ? link : temporary };
      const end = await runPeer(ownRuntime, script, ["together"], { environment });
      assert.equal(end.code, 0, `${end.signal} ${end.stderr}`);
      const { first, last } = JSON.parse(end.stdout);
      assert.equal(last.images, 1);
      // runtimes start some of their own; Workers that leave theirs behind make three more at least
      assert.ok(last.threads < first.threads + 3, `${last.threads} threads, ${first.threads} after the first Worker`);
    });
  }

  /** The first call of a program beside a copy of the package, under Deno with no permissions but these. */
  async function underDeno(...flags: string[]) {
    const { script } = copyWithoutLibrary();
    const program = join(script, "../program.ts");
    const lines = ["const m = SharedMemory.anonymous({ size: 1 });", "console.log(m.size);", "m.close();"];
    writeFileSync(program, `import { SharedMemory } from "../../mod.ts";\n${lines.join("\n")}\n`);
    return spawnProgram(ownRuntime.command, ["run", "--no-prompt", "--no-check", ...flags, program]).ended;
  }

  for (const flags of [["--allow-read", "--allow-write"], ["--allow-write"], ["--allow-write=/tmp"]]) {
    it(`needs no permission of Deno but --allow-ffi ${flags.join(" ")}`, { skip: notDeno }, async () => {
      const end = await underDeno("--allow-ffi", ...flags);
      assert.deepEqual([end.stdout, end.code], ["1\n", 0], end.stderr);
    });
  }

  it("that Deno may not write is an error that says so, and what was tried before", { skip: notDeno }, async () => {
    const end = await underDeno("--allow-ffi");
    assert.match(end.stderr, /Cannot load linux-ipc: .*No such file.*embedded copy: .*"\/tmp\/.*--allow-write/);
  });

  it("is not tried where Deno may load nothing: the error is about that", { skip: notDeno }, async () => {
    const end = await underDeno("--allow-write");
    assert.match(end.stderr, /NotCapable: Requires ffi access to .*native\/linux-ipc-.*--allow-ffi/);
  });

  it("is loaded where the temporary directory may not hold programs", { skip: notRoot() }, async () => {
    const { script, temporary } = copyWithoutLibrary();
    const mount = `mount -t tmpfs -o noexec tmpfs ${temporary} && exec "$@"`;
    const options = { wrapper: ["unshare", "-m", "sh", "-c", mount, "sh"], environment: { TMPDIR: temporary } };
    const end = await runPeer(ownRuntime, script, ["backend"], options);
    assert.equal(end.code, 0, end.stderr);
    assert.equal(JSON.parse(end.stdout).pid, JSON.parse(end.stdout).processPid);
  });

  it("says what helps where no directory may be written or hold programs", { skip: notRoot() }, async () => {
    const { script, temporary } = copyWithoutLibrary();
    const nowhere = { TMPDIR: "/sys", HOME: "/sys", XDG_RUNTIME_DIR: undefined, XDG_CACHE_HOME: undefined };
    const environment = { ...nowhere, DENO_DIR: temporary };
    const wrapper = ["unshare", "-m", "sh", "-c", 'mount -t tmpfs -o noexec tmpfs /dev/shm && exec "$@"', "sh"];
    const [first, second] = await firstCalls({ environment, wrapper, cwd: "/sys" }, ["firstCall"], script);
    assert.match(
      first.message,
      /^Cannot load linux-ipc from its embedded copy, which needs a directory.*\/sys\/.* \(TMPDIR may name/,
    );
    assert.deepEqual(second.name, first.name);
  });
});

function notRoot(): string | false {
  return process.getuid?.() === 0 ? false : "needs root to mount a file system";
}
