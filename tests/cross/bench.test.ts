// The benchmarks' peers, made as npm's package is: each measures for a moment, in each runtime. What, is for bench/ to say.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, before, describe, it } from "node:test";
import { buildPeers, peerPath } from "../../bench/runner/peers.ts";
import { RUNTIMES, runtimeCommand } from "../../bench/runner/runtimes.ts";
import { cleanUp, uniqueName } from "../support/mod.ts";

const TIMES = { warmUpMs: 20, measureMs: 20 };
const lock = () => ({ ...TIMES, test: "uncontended", role: "measure", name: uniqueName("bench") });
const map = (library: string) => () => ({ library, way: "getInto", measureMs: 40 });

/** Subjects that are measured by one process alone. */
const SUBJECTS = [
  { title: "a lock", peer: "sync/peer", job: lock },
  { title: "a map", peer: "map/peer", job: map("shared-map") },
  { title: "lmdb", peer: "map/peer", job: map("lmdb") },
] as const;

describe("benchmarks", () => {
  before(buildPeers);
  after(cleanUp);

  for (const runtime of RUNTIMES) {
    for (const { title, peer, job } of SUBJECTS) {
      it(`measures ${title} in ${runtime}`, () => {
        const [program, ...parameters] = runtimeCommand(runtime);
        const all = [...parameters, peerPath(peer), JSON.stringify(job())];
        const output = execFileSync(program as string, all, { encoding: "utf8", timeout: 60_000 });
        const { p50 } = JSON.parse(output.trimEnd().split("\n").at(-1) as string);
        assert.ok(p50 > 0, output);
      });
    }
  }
});
