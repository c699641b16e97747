// The example of the persistent order book: whole after each kill of its writer, under every runtime.

import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import process from "node:process";
import { after, describe, it } from "node:test";
import { cleanUp, mainRuntimes, projectRoot, runPeer, spawnPeer, until, within } from "../support/mod.ts";

const program = `${projectRoot}examples/order_book/main.ts`;

/** The processes that were started with this path: writers. */
function writersOf(path: string): number[] {
  const isWriter = (pid: string) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").includes(path);
    } catch {
      return false; // it has just ended
    }
  };
  return readdirSync("/proc").filter(isWriter).map(Number);
}

describe("examples/order_book", () => {
  after(cleanUp);

  for (const runtime of mainRuntimes) {
    it(`under ${runtime.name}`, async () => {
      const end = await runPeer(runtime, program, [], { timeoutMs: 30_000 });
      assert.deepEqual([end.code, end.stderr], [0, ""], end.stdout);
      const kept = [...end.stdout.matchAll(/^Killed after (\d+) updates: the book is whole\.$/gm)].map(([, n]) => n);
      const found = [...end.stdout.matchAll(/found (?:a new book|a book with (\d+) updates)\.$/gm)].map(([, n]) => n);
      assert.equal(kept.length, 3);
      assert.deepEqual(found, [undefined, kept[0], kept[1]]);
    });

    for (const signal of ["SIGINT", "SIGTERM", "SIGKILL"] as const) {
      it(`under ${runtime.name} leaves no writer and no file behind ${signal}`, async () => {
        const main = spawnPeer(runtime, program);
        const path = `${tmpdir()}/linux-ipc-order-book-${main.pid}`;
        assert.equal(await main.line(), "Writer 1 found a new book.");
        assert.deepEqual([writersOf(path).length, existsSync(path)], [1, true]);
        main.kill(signal);
        const end = await within(main.ended, 30_000, "main ends");
        const code = { SIGINT: 130, SIGTERM: 143, SIGKILL: null }[signal];
        assert.deepEqual([end.code, end.stderr], [code, ""]);
        try {
          await until(() => writersOf(path).length === 0 && !existsSync(path), "the writer and the file are gone");
        } finally {
          for (const pid of writersOf(path)) process.kill(pid, "SIGKILL"); // a failure must not keep a processor busy
        }
      });
    }
  }
});
