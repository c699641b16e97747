// The pipeline of npm start: every tick arrives, whatever dies is told, and nothing is ever left behind.

import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { after, describe, it } from "node:test";
import {
  cleanUp,
  type Peer,
  type PeerEnd,
  projectRoot,
  runPeer,
  runtimeNamed,
  spawnPeer,
  temporaryDirectory,
  until,
  within,
} from "../support/mod.ts";

const script = (name: string) => new URL(`../../examples/pipeline/${name}.ts`, import.meta.url);
const recording = `${projectRoot}examples/ticks.csv`;
const node = runtimeNamed("node26");
const TIMEOUT_MS = 90_000;
const CLEAN_WITHIN_MS = 5000;

const start = (...parameters: string[]) => spawnPeer(node, script("main"), parameters);

/** The process ids of the three stages, from the header. */
function stagePids(stdout: string): number[] {
  return [...stdout.matchAll(/^ {2}(?:feed|engine|risk) .* pid (\d+)/gm)].map((match) => Number(match[1]));
}

function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

const objectsOf = (pid: number) => readdirSync("/dev/shm").filter((name) => name.endsWith(`-${pid}`));

/** No name and no process may outlive it. */
async function assertNothingLeft(main: Peer): Promise<void> {
  assert.deepEqual(objectsOf(main.pid), []);
  await until(() => !stagePids(main.stdout).some(isAlive), "all stages have ended", CLEAN_WITHIN_MS);
}

/** A run to its end. */
async function runToEnd(...parameters: string[]): Promise<PeerEnd> {
  const main = start(...parameters);
  const end = await within(main.ended, TIMEOUT_MS, `main.ts ${parameters.join(" ")}`);
  await assertNothingLeft(main);
  return end;
}

function assertAllArrived({ code, stdout, stderr }: PeerEnd, ticks?: string): void {
  assert.equal(code, 0, stdout + stderr);
  const [, sent, received] = /([\d,]+) of ([\d,]+) ticks arrived once, in order and whole/.exec(stdout) ?? [];
  assert.equal(received, ticks ?? sent);
  assert.match(stdout, /lost +0 +0\n/);
  assert.match(stdout, /torn +0 +0\n/);
}

/** A run that is in full swing. */
async function startAndWait(...parameters: string[]): Promise<Peer> {
  const main = start("--seconds", "60", ...parameters);
  await until(() => main.stdout.includes("ticks/s   p50"), "ticks flow", TIMEOUT_MS);
  assert.deepEqual(objectsOf(main.pid), [], "the names are gone while it runs");
  return main;
}

describe("pipeline", () => {
  after(cleanUp);

  it("runs in Bun, Deno and Node, and loses no tick", async () => {
    const end = await runToEnd("--seconds", "2");
    assertAllArrived(end);
    assert.match(end.stdout, /feed +Bun .*\n +engine +Deno .*\n +risk +Node /);
  });

  it("runs as fast as possible, with full rings, in any order of runtimes", async () => {
    assertAllArrived(await runToEnd("--ticks", "200000", "--rate", "0", "--runtimes", "node,bun,deno"), "200,000");
  });

  it("plays a recording once", async () => {
    assertAllArrived(await runToEnd("--feed", recording, "--rate", "0", "--runtimes", "deno,node,bun"), "5,000");
  });

  it("plays a recording that begins with a byte order mark", async () => {
    const path = `${temporaryDirectory()}/marked.csv`;
    writeFileSync(path, `\uFEFFtimestamp,symbol,price,volume\r\n${"1,A,1.5,100\r\n".repeat(3)}`);
    assertAllArrived(await runToEnd("--feed", path, "--rate", "0", "--runtimes", "bun,bun,bun"), "3");
  });

  it("has a recording that can be made again", async () => {
    const { stdout } = await runPeer(node, script("sample"));
    assert.equal(stdout, readFileSync(recording, "utf8"));
  });
});

describe("pipeline: ends", () => {
  after(cleanUp);

  for (const [index, stage] of ["feed", "engine", "risk"].entries()) {
    it(`tells of the death of the ${stage}, exit code 1`, async () => {
      const main = await startAndWait("--runtimes", "bun,bun,bun");
      process.kill(stagePids(main.stdout)[index] as number, "SIGKILL");
      const { code, stderr } = await within(main.ended, TIMEOUT_MS, "main ends");
      assert.equal(code, 1, stderr);
      assert.match(stderr, new RegExp(`${stage} \\(Bun, pid \\d+\\) was killed by SIGKILL`));
      await assertNothingLeft(main);
    });
  }

  it("ends its stages even when it is killed itself", async () => {
    const main = await startAndWait();
    main.kill();
    await main.ended;
    await assertNothingLeft(main);
  });

  for (const [signal, code] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const) {
    it(`finishes what was sent on ${signal}, exit code ${code}`, async () => {
      const main = await startAndWait("--runtimes", "bun,node,bun");
      main.kill(signal);
      const end = await within(main.ended, TIMEOUT_MS, "main ends");
      assert.equal(end.code, code, end.stdout + end.stderr);
      assertAllArrived({ ...end, code: 0 });
      await assertNothingLeft(main);
    });
  }
});

describe("pipeline: what it refuses", () => {
  after(cleanUp);

  async function assertRefused(parameters: readonly string[], message: RegExp): Promise<void> {
    const end = await runToEnd(...parameters);
    assert.equal(end.code, 2, end.stderr);
    assert.match(end.stderr, message);
    assert.equal(end.stdout, "");
  }

  it("refuses malformed rows by their line numbers", async () => {
    const path = `${temporaryDirectory()}/bad.csv`;
    const rows = ["timestamp,symbol,price,volume", "1,A,1.5,100", "2,A,cheap,100", "3,A,1.5", "4,A,1.5,0", "0,A,1,1"];
    writeFileSync(path, rows.join("\r\n"));
    await assertRefused(
      ["--feed", path],
      /line 3: price "cheap"[\s\S]*line 4: it has 3 fields[\s\S]*line 5: volume "0"/,
    );
    await assertRefused(["--feed", path], /line 6: timestamp 0 is before 1/);
  });

  it("refuses a recording without rows, and one that is not there", async () => {
    const path = `${temporaryDirectory()}/empty.csv`;
    writeFileSync(path, "timestamp,symbol,price,volume\n");
    await assertRefused(["--feed", path], /it has no rows/);
    await assertRefused(["--feed", `${path}.not`], /ENOENT/);
  });

  it("refuses options that make no sense", async () => {
    await assertRefused(["--seconds", "0"], /--seconds must be a number above 0/);
    await assertRefused(["--ticks", "many"], /--ticks must be a whole number from 1/);
    await assertRefused(["--runtimes", "bun,deno"], /--runtimes must be three of bun, deno, node/);
    await assertRefused(["--sceonds", "1"], /Unknown option '--sceonds'/);
  });
});
