// The program of every stage: prepares itself, reports ready, waits for main's word, works, and says what it did.

import process from "node:process";
import { PeerClosedError, PeerDiedError } from "@linux-ipc/core";
import { Board, COMMAND, type Row, STATE } from "./board.ts";
import { nanoseconds, sleep } from "./clock.ts";
import { makeEngine } from "./engine.ts";
import { makeFeed } from "./feed.ts";
import { EXIT_PEER_GONE, type Job, type StageName } from "./job.ts";
import { removeNames } from "./names.ts";
import { makeRisk } from "./risk.ts";

const PUBLISH_EVERY_NS = 200e6;

export interface Stage {
  /** Runs to the end of the stream. */
  run(): void;
  /** Puts latencies on the board. */
  publish?(): void;
}

export interface StageParts {
  readonly job: Job;
  readonly board: Board;
  readonly row: Row;
  /** To be called every now and then: ends the process when main is gone, and publishes. */
  turn(): void;
}

const makers: Record<StageName, (parts: StageParts) => Stage> = { feed: makeFeed, engine: makeEngine, risk: makeRisk };

function title(): string {
  const { bun, deno, node } = process.versions;
  return bun !== undefined ? `Bun ${bun}` : deno !== undefined ? `Deno ${deno}` : `Node ${node}`;
}

/** A stage without a main is an orphan: it ends, and takes along the names that main could not remove. */
function endWithMain(job: Job): void {
  if (process.ppid === job.mainPid) return;
  removeNames(job.names);
  process.exit(EXIT_PEER_GONE);
}

function runStage(job: Job): void {
  const board = Board.open(job.names.board);
  const row = board.rows[job.stage];
  let publishAt = 0;
  const turn = () => {
    const now = nanoseconds();
    if (now < publishAt) return;
    publishAt = now + PUBLISH_EVERY_NS;
    endWithMain(job);
    stage.publish?.();
  };
  const stage = makers[job.stage]({ job, board, row, turn });
  row.title = title();
  row.state = STATE.ready;
  for (; board.command === COMMAND.wait; sleep(1)) endWithMain(job);
  row.state = STATE.running;
  stage.run();
  stage.publish?.();
  row.state = STATE.done;
}

process.on("SIGINT", () => {}); // Ctrl-C reaches the whole group of processes; main decides in which order they end
try {
  runStage(JSON.parse(process.argv[2] ?? "null") as Job);
  process.exit(0);
} catch (error) {
  console.error(error);
  process.exit(error instanceof PeerDiedError || error instanceof PeerClosedError ? EXIT_PEER_GONE : 1);
}
