// npm start: feed handler -> trading engine -> risk manager, three processes, two rings, every tick accounted for.

import { relative } from "node:path";
import process from "node:process";
import { IpcError } from "@linux-ipc/core";
import { type Board, COMMAND } from "./board.ts";
import { Crew } from "./crew.ts";
import { Display } from "./display.ts";
import { Interruption } from "./interruption.ts";
import { createObjects, NAMES, removeNames } from "./names.ts";
import { HELP, type Options, parseOptions, UsageError } from "./options.ts";
import { RecordingError, readRecording } from "./recording.ts";
import { aftermath, failure, header, report, warning } from "./report.ts";
import { count } from "./text.ts";
import { judge } from "./verdict.ts";

function describe({ feed, rate, seconds, ticks }: Options): string {
  const pace = rate === undefined ? "at its own pace" : rate === 0 ? "as fast as possible" : `${count(rate)} ticks/s`;
  const ends = [seconds && `${seconds} s`, ticks && `${count(ticks)} ticks`].filter(Boolean).join(" or ");
  return [feed && relative(process.cwd(), feed), pace, ends].filter(Boolean).join(", ");
}

/** Runs the stages to their end; how many seconds it took. */
async function runStages(board: Board, crew: Crew, options: Options, interruption: Interruption): Promise<number> {
  await crew.ready(board);
  removeNames(NAMES); // everybody has opened everything: from here on not even kill -9 leaves anything behind
  process.stdout.write(`${header(board, crew, describe(options))}\n`);
  interruption.stop = () => {
    board.command = COMMAND.stop;
  };
  const begin = performance.now();
  const display = new Display(board);
  board.command = COMMAND.go;
  try {
    await crew.end;
    return (performance.now() - begin) / 1000;
  } finally {
    display.end();
  }
}

/** Makes the objects and starts the stages; both are gone when this process ends. */
function setUp({ seconds, ticks, rate, feed, runtimes }: Options): { board: Board; crew: Crew } {
  const board = createObjects(NAMES);
  process.on("exit", () => removeNames(NAMES));
  const crew = new Crew(runtimes, { mainPid: process.pid, names: NAMES, seconds, ticks, rate, feed });
  process.on("exit", () => crew.kill());
  return { board, crew };
}

async function run(options: Options): Promise<number> {
  const interruption = new Interruption(); // before there is anything to leave behind
  const { board, crew } = setUp(options);
  interruption.kill = () => crew.kill();
  try {
    const took = await runStages(board, crew, options, interruption);
    if (interruption.signal !== undefined) process.stdout.write(warning(`Interrupted by ${interruption.signal}.\n`));
    process.stdout.write(`${report(board, took)}\n`);
    return judge(board).complaints.length > 0 ? 1 : interruption.exitCode;
  } catch (error) {
    if (interruption.signal !== undefined) process.stderr.write(warning(`Interrupted by ${interruption.signal}.`));
    else process.stderr.write(failure((error as Error).message) + aftermath(board));
    return interruption.exitCode || 1;
  }
}

function refuse(error: unknown): number {
  const isUsers = error instanceof UsageError || error instanceof RecordingError;
  if (!isUsers && !(error instanceof IpcError)) throw error;
  const advice = error instanceof UsageError ? "\n--help tells what there is." : "";
  process.stderr.write(failure(`${error.message}${advice}`));
  return isUsers ? 2 : 1;
}

/** Reads the recording here too, so that it is refused before anything is started. Plays it once unless told otherwise. */
function withRecording(options: Options, path: string): Options {
  const { quotes } = readRecording(path);
  const isOpenEnded = options.seconds === undefined && options.ticks === undefined;
  return isOpenEnded ? { ...options, ticks: quotes.length } : options;
}

async function main(): Promise<number> {
  try {
    const options = parseOptions(process.argv.slice(2));
    if (!options.help) return await run(options.feed === undefined ? options : withRecording(options, options.feed));
    process.stdout.write(`${HELP}\n`);
    return 0;
  } catch (error) {
    return refuse(error);
  }
}

process.stdout.on("error", () => process.exit(1)); // nobody reads any more: `npm start | head`, a closed terminal
process.exit(await main());
