// The command line of npm start.

import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { STAGES, type StageName } from "./job.ts";
import { RUNTIMES, type Runtime } from "./runtimes.ts";

export interface Options {
  readonly seconds: number | undefined;
  readonly ticks: number | undefined;
  readonly rate: number | undefined;
  readonly feed: string | undefined;
  readonly runtimes: Record<StageName, Runtime>;
  readonly help: boolean;
}

/** What the user got wrong; the message says it all. */
export class UsageError extends Error {}

const DEFAULT_SECONDS = 10;
const DEFAULT_RATE = 10_000;
const SECONDS_MOST = 7 * 86_400;
const TICKS_MOST = 2 ** 40;
const RATE_MOST = 100_000_000;

export const HELP = `Runs a feed handler in Bun, a trading engine in Deno and a risk manager in Node, three processes that send each other
market ticks and orders through rings in shared memory, and accounts for every tick.

  npm start -- [options]

  --seconds N         how long (default: ${DEFAULT_SECONDS})
  --ticks N           how many ticks; with --seconds, whichever comes first
  --rate N            ticks per second, 0 = as fast as possible (default: ${DEFAULT_RATE.toLocaleString("en-US")})
  --feed FILE.csv     ticks from a recording, rows of timestamp (ns),symbol,price,volume, at its own pace unless there is
                      a --rate; once, or again and again until --seconds or --ticks are over. Try examples/ticks.csv
  --runtimes LIST     what runs the feed, the engine and the risk manager (default: bun,deno,node)
  --help              this text

The exit code is 0 when every tick arrived once, in order and whole; 1 when not, or when a process died; 2 when the
options or the recording make no sense. Ctrl-C ends the feed and lets the others finish; a second one ends all at once.`;

function wholeNumber(option: string, text: string | undefined, least: number, most: number): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  throw new UsageError(`--${option} must be a whole number from ${least} to ${most}, not "${text}"`);
}

function positiveNumber(option: string, text: string | undefined, most: number): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (/^\d*\.?\d+$/.test(text) && value > 0 && value <= most) return value;
  throw new UsageError(`--${option} must be a number above 0 and up to ${most}, not "${text}"`);
}

function runtimesOf(list: string): Record<StageName, Runtime> {
  const names = list.split(",").map((name) => name.trim());
  const found = names.map((name) => RUNTIMES.find((runtime) => runtime === name));
  const [feed, engine, risk] = found;
  if (found.length !== STAGES.length || feed === undefined || engine === undefined || risk === undefined) {
    throw new UsageError(`--runtimes must be three of ${RUNTIMES.join(", ")} with commas between them, not "${list}"`);
  }
  return { feed, engine, risk };
}

function parse(parameters: readonly string[]) {
  const text = { type: "string" } as const;
  try {
    return parseArgs({
      args: [...parameters],
      options: {
        seconds: text,
        ticks: text,
        rate: text,
        feed: text,
        runtimes: { type: "string", default: RUNTIMES.join(",") },
        help: { type: "boolean", short: "h", default: false },
      },
    }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/** @throws {UsageError} */
export function parseOptions(parameters: readonly string[]): Options {
  const values = parse(parameters);
  const ticks = wholeNumber("ticks", values.ticks, 1, TICKS_MOST);
  const rate = wholeNumber("rate", values.rate, 0, RATE_MOST);
  const feed = values.feed === undefined ? undefined : resolve(values.feed);
  const isOpenEnded = ticks === undefined && feed === undefined;
  return {
    seconds: positiveNumber("seconds", values.seconds, SECONDS_MOST) ?? (isOpenEnded ? DEFAULT_SECONDS : undefined),
    ticks,
    rate: rate ?? (feed === undefined ? DEFAULT_RATE : undefined),
    feed,
    runtimes: runtimesOf(values.runtimes),
    help: values.help,
  };
}
