// The crew: the three processes, from their start to the end of the last one.

import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type Board, STATE } from "./board.ts";
import { EXIT_PEER_GONE, type Job, STAGES, type StageName } from "./job.ts";
import { commandOf, type Runtime, TITLES } from "./runtimes.ts";

const STAGE_PROGRAM = fileURLToPath(new URL("stage.ts", import.meta.url));
const READY_WITHIN_MS = 30_000;
/** A stage that lost its peer ends at once; a killed process may take a while to be reaped, on a busy machine a second. */
const CAUSE_WITHIN_MS = 10_000;
const OUTPUT_MOST = 4000;

interface Ending {
  /** Which process. */
  readonly who: string;
  readonly code: number | null;
  readonly signal: string | null;
  readonly output: string;
}

/** A process that ended as it should not have. */
export class StageFailure extends Error {
  constructor({ who, code, signal, output }: Ending) {
    const how =
      signal !== null ? `was killed by ${signal}` : code !== null ? `ended with exit code ${code}` : "did not start";
    super(`${who} ${how}${output === "" ? "" : `:\n${output}`}`);
  }
}

function launch(runtime: Runtime, job: Job): ChildProcess {
  const { program, parameters } = commandOf(runtime);
  return spawn(program, [...parameters, STAGE_PROGRAM, JSON.stringify(job)], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, NO_COLOR: "1", FORCE_COLOR: undefined },
  });
}

function endingOf(child: ChildProcess, who: string): Promise<Ending> {
  let output = "";
  const collect = (text: string) => {
    output = (output + text).slice(-OUTPUT_MOST);
  };
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding("utf8").on("data", collect);
  return new Promise((resolve) => {
    child.on("error", (error) => resolve({ who, code: null, signal: null, output: error.message }));
    child.on("close", (code, signal) => resolve({ who, code, signal, output: output.trim() }));
  });
}

/** Throws when a stage has failed. Who only lost its peer leaves it to that one to say why, if it can. */
async function judge(stage: Promise<Ending>, all: Promise<unknown>): Promise<void> {
  const ending = await stage;
  if (ending.code === 0) return;
  if (ending.code === EXIT_PEER_GONE) await Promise.race([all, delay(CAUSE_WITHIN_MS)]);
  throw new StageFailure(ending);
}

export class Crew {
  /** Settles when all have ended well, or soon after one has not. */
  readonly end: Promise<void>;
  readonly #children: Record<StageName, ChildProcess>;

  constructor(runtimes: Record<StageName, Runtime>, job: Omit<Job, "stage">) {
    const start = (stage: StageName) => launch(runtimes[stage], { ...job, stage });
    this.#children = { feed: start("feed"), engine: start("engine"), risk: start("risk") };
    const endings = STAGES.map((stage) =>
      endingOf(this.#children[stage], `${stage} (${TITLES[runtimes[stage]]}, pid ${this.pid(stage)})`),
    );
    const all = Promise.all(endings);
    this.end = Promise.all(endings.map((ending) => judge(ending, all))).then(() => {});
    this.end.catch(() => {}); // it may come before anybody awaits it
  }

  pid(stage: StageName): number {
    return this.#children[stage].pid ?? 0;
  }

  /** Resolves when all stages have opened what they need. */
  async ready(board: Board): Promise<void> {
    const hasFailed = this.end.then(() => {
      throw new Error("a stage ended before it had begun");
    });
    const areReady = async () => {
      for (let waited = 0; waited < READY_WITHIN_MS; waited += 5) {
        if (STAGES.every((stage) => board.rows[stage].state >= STATE.ready)) return;
        await delay(5);
      }
      const late = STAGES.filter((stage) => board.rows[stage].state < STATE.ready);
      throw new Error(`${late.join(", ")} not ready after ${READY_WITHIN_MS / 1000} s`);
    };
    await Promise.race([areReady(), hasFailed]);
  }

  kill(): void {
    for (const child of Object.values(this.#children)) child.kill("SIGKILL");
  }
}
