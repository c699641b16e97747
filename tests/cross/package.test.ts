// The npm package: made by `npm run pack`, laid out as npm would, used by all runtimes and the compiler. And JSR's.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import process from "node:process";
import { after, before, describe, it } from "node:test";
import { rollup } from "rollup";
import {
  cleanUp,
  mainRuntimes,
  type PeerEnd,
  projectRoot,
  runPeer,
  runtimeNamed,
  spawnProgram,
  temporaryDirectory,
  uniqueName,
} from "../support/mod.ts";

const deno = runtimeNamed("deno").command;
const json = (path: string) => JSON.parse(readFileSync(path, "utf8"));
/** No newer library than most programs have: what the package's types need beyond it, they ask for themselves. */
const tsconfig = {
  compilerOptions: {
    module: "nodenext",
    lib: ["es2022", "dom"],
    types: [],
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
  },
};

/** The C header and its parts. */
const headers = readdirSync(`${projectRoot}include`, { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".h"))
  .map((path) => `include/${path}`);

/** What `npm i` and `deno add npm:` leave in a user's project. */
const projectFiles = {
  "package.json": { type: "module", dependencies: { "@linux-ipc/core": "*" } },
  "deno.json": { nodeModulesDir: "manual", imports: { "@linux-ipc/core": "npm:@linux-ipc/core@*" } },
  "tsconfig.json": { ...tsconfig, include: ["package_types.ts"] },
};

/** A new project with the package in its node_modules, and nothing else there. */
function makeProject(): { project: string; installed: string; tarball: string } {
  const [out, project] = [temporaryDirectory(), temporaryDirectory()];
  const installed = join(project, "node_modules/@linux-ipc/core");
  execFileSync(process.execPath, [`${projectRoot}scripts/run.mjs`, "pack", "--out", out], { stdio: "pipe" });
  const tarball = join(out, readdirSync(out).find((name) => name.endsWith(".tgz")) ?? "no tarball");
  mkdirSync(installed, { recursive: true });
  execFileSync("tar", ["-xzf", tarball, "-C", installed, "--strip-components=1"]);
  for (const [name, content] of Object.entries(projectFiles)) {
    writeFileSync(join(project, name), JSON.stringify(content));
  }
  for (const name of ["package_consumer.mjs", "package_types.ts"]) {
    cpSync(join(import.meta.dirname, name), join(project, name));
  }
  return { project, installed, tarball };
}

function mustSucceed({ code, stdout, stderr }: PeerEnd): void {
  assert.equal(code, 0, stdout + stderr);
}

describe("npm package", () => {
  let project = "";
  let installed = "";
  let tarball = "";
  before(() => {
    ({ project, installed, tarball } = makeProject());
  });
  after(cleanUp);

  for (const runtime of mainRuntimes) {
    it(`works in ${runtime.name}, with the library beside it`, async () => {
      const script = join(project, "package_consumer.mjs");
      const end = await runPeer(runtime, script, [uniqueName("package")], { cwd: project });
      mustSucceed(end);
      const library = join(installed, `native/linux-ipc-${process.arch}.so`);
      assert.deepEqual(end.stdout.split("\n"), ["hello from the package", library, ""]);
      assert.equal(end.stderr, "");
    });
  }

  it("has types for TypeScript", async () => {
    const compiler = `${projectRoot}node_modules/typescript/bin/tsc`;
    mustSucceed(await spawnProgram(process.execPath, [compiler, "--project", project], { cwd: project }).ended);
  });

  it("has types for TypeScript that looks at no exports, and its header has a path for compilers of C", () => {
    const { types, typesVersions } = json(join(installed, "package.json"));
    for (const path of [types, ...Object.values(typesVersions["*"]).flat()])
      assert.ok(existsSync(join(installed, path)));
    const header = createRequire(join(project, "x.js")).resolve("@linux-ipc/core/include/linux_ipc.h");
    assert.equal(header, join(installed, "include/linux_ipc.h"));
  });

  it("has types for Deno", async () => {
    mustSucceed(await spawnProgram(deno, ["check", "package_types.ts"], { cwd: project }).ended);
  });

  it("holds JavaScript, types, libraries, the header and what is to be read, and nothing else", () => {
    const files = readdirSync(installed, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const paths = files.map((entry) => join(entry.parentPath, entry.name).slice(installed.length + 1));
    const others = paths.filter((path) => !/^(mod|src\/.*|native\/embedded)\.(js|d\.ts)$/.test(path));
    const read = ["CHANGELOG.md", "DESIGN.md", "LICENSE", "README.md", "package.json"];
    const native = ["native/linux-ipc-arm64.so", "native/linux-ipc-x64.so"];
    assert.deepEqual(others.sort(), [...read, ...headers, ...native].sort());
  });

  it("has few files of JavaScript, one for each room and each entry: loading many takes long", () => {
    const rooms = readdirSync(join(projectRoot, "src"));
    const scripts = readdirSync(installed, { recursive: true, encoding: "utf8" }).filter((path) =>
      path.endsWith(".js"),
    );
    assert.ok(scripts.length <= 2 * rooms.length, scripts.join(", "));
  });

  it("rests where it spins, also in a program that a tool has bundled and shaken", async () => {
    const shaken = await rollup({ input: join(installed, "mod.js"), external: /^node:/ });
    const { output } = await shaken.generate({});
    for (const code of [readFileSync(join(installed, "src/wait/room.js"), "utf8"), output[0].code]) {
      assert.match(code, /function rest\(/);
      assert.match(code, /^\s+value = Math\.imul\(value, 5\) \| 1;$/m);
    }
  });

  it("does nothing when it is imported, and says so: bundlers leave out what a program does not use", async () => {
    const program = `const seen = () => [...Reflect.ownKeys(globalThis), ...process.eventNames()].map(String).join();
    const before = seen();
    await import("@linux-ipc/core");
    console.log(seen() === before);`;
    writeFileSync(join(project, "import.mjs"), program);
    const end = await spawnProgram(process.execPath, ["import.mjs"], { cwd: project }).ended;
    assert.equal(end.stdout, "true\n", end.stderr);
    assert.equal(json(join(installed, "package.json")).sideEffects, false);
  });

  it("can be installed on every system, where the first call says what is missing, and brings nothing along", async () => {
    const folder = temporaryDirectory();
    writeFileSync(join(folder, "package.json"), "{}");
    const options = ["--offline", "--no-audit", "--no-fund", "--loglevel=warn", "--os=darwin", "--cpu=arm64"];
    const end = await spawnProgram("npm", ["install", ...options, tarball], { cwd: folder }).ended;
    mustSucceed(end);
    assert.equal(end.stderr, "");
    const entries = readdirSync(join(folder, "node_modules")).filter((name) => !name.startsWith("."));
    assert.deepEqual(entries, ["@linux-ipc"]);
  });

  it("links in what is to be read to what it holds, and to nothing else", () => {
    const linksOf = (name: string) => readFileSync(join(installed, name), "utf8").matchAll(/\]\((?!\w+:|#)([^)#]+)/g);
    const paths = ["README.md", "DESIGN.md", "CHANGELOG.md"].flatMap((name) =>
      [...linksOf(name)].map(([, path]) => path),
    );
    assert.deepEqual([...new Set(paths)].sort(), ["DESIGN.md", "include/linux_ipc.h"]);
    for (const path of paths) assert.ok(existsSync(join(installed, path)), path);
  });

  it("describes itself as the repository does, without what is only for working on it", () => {
    const repository = json(`${projectRoot}package.json`);
    const { private: isPrivate, scripts, devDependencies, allowScripts, exports, ...common } = repository;
    const { exports: entries, main, types, typesVersions, ...rest } = json(join(installed, "package.json"));
    assert.equal(isPrivate, true);
    assert.deepEqual(rest, common);
    assert.deepEqual([entries["."].default, entries["."].types], [main, types]); // for those who know no exports
    const subpaths = Object.keys(typesVersions["*"]).map((name) => `./${name}`);
    assert.deepEqual([".", ...subpaths], Object.keys(exports));
    assert.deepEqual(Object.keys(entries), [...Object.keys(exports), "./include/*", "./package.json"]);
  });

  it("names JavaScript in the imports of its types: not every editor takes ./x.ts for ./x.d.ts", () => {
    const paths = readdirSync(installed, { recursive: true, encoding: "utf8" });
    const types = paths
      .filter((path) => path.endsWith(".d.ts"))
      .map((path) => readFileSync(join(installed, path), "utf8"));
    assert.equal(types.filter((text) => /"\.[^"]*\.ts"/.test(text)).length, 0);
    assert.ok(types.filter((text) => /from "\.[^"]*\.js"/.test(text)).length > 50);
  });

  it("keeps the docstrings in its types", () => {
    const { types } = json(join(installed, "package.json")).exports["./memory"];
    const text = readFileSync(join(dirname(join(installed, types)), "shared_memory.d.ts"), "utf8");
    assert.match(text, /\* A named object lives in `\/dev\/shm` until it is unlinked/);
  });
});

describe("JSR package", () => {
  after(cleanUp);

  it("holds the sources and the embedded library, which git ignores, and no tests", async () => {
    const end = await spawnProgram(deno, ["publish", "--dry-run", "--allow-dirty", "--no-check"]).ended;
    mustSucceed(end);
    const files = [...end.stderr.matchAll(/^ +file:\/\/(\S+) \(/gm)].map(([, path]) => path.slice(projectRoot.length));
    const others = files.filter((path) => !path.startsWith("src/"));
    const read = ["CHANGELOG.md", "LICENSE", "README.md"];
    assert.deepEqual(others.sort(), [...read, "deno.json", ...headers, "mod.ts", "native/embedded.ts"].sort());
    assert.ok(files.includes("src/ring/mod.ts"));
  });
});
