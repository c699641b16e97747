// The command line of bench/run.ts.
import { parseArgs } from "node:util";
import { parseRounds } from "./command_line.ts";
import { QUESTIONS, type Question } from "./rows.ts";
import { RUNTIMES, type Runtime } from "./runner/runtimes.ts";

export interface Options {
  quick: boolean;
  only: readonly Question[];
  runtimes: readonly Runtime[];
  rounds: number;
  json: boolean;
  readme: boolean;
}

const FULL_ROUNDS = 5;
const QUICK_ROUNDS = 3;

export const HELP = `Measures the ring against C++ and against the runtimes' own sockets, interleaved in one run.

  node bench/run.ts [options]

  --quick             ${QUICK_ROUNDS} short rounds, only the rows that a bar depends on; writes no files
  --only QUESTION     ${Object.keys(QUESTIONS).join(", ")}; several with commas
  --runtimes LIST     ${RUNTIMES.join(",")} (default: all)
  --rounds N          trials of every row (default: ${FULL_ROUNDS})
  --json              print the result as JSON, too
  --readme            put the result into README.md
  --help              this text

Results go to bench/results/<date>-<processor>.json and .svg. The exit code is 1 when a trial failed (a message was lost
or a process died); a bar that is not met is printed, and is not an error.

Other subjects: node bench/latest_value.ts, bench/map.ts, bench/struct.ts, bench/call.ts (each with --help).`;

function chosen<Name extends string>(
  text: string | undefined,
  known: readonly Name[],
  option: string,
): readonly Name[] {
  if (text === undefined) return known;
  return text.split(",").map((part) => {
    const name = known.find((candidate) => candidate === part.trim());
    if (name === undefined) throw new RangeError(`--${option}: "${part}" is none of ${known.join(", ")}`);
    return name;
  });
}

export function parseOptions(parameters: string[]): Options {
  const { values } = parseArgs({
    args: parameters,
    options: {
      quick: { type: "boolean", default: false },
      only: { type: "string" },
      runtimes: { type: "string" },
      rounds: { type: "string" },
      json: { type: "boolean", default: false },
      readme: { type: "boolean", default: false },
    },
  });
  const { quick, json, readme } = values;
  const rounds = parseRounds(values.rounds, quick ? QUICK_ROUNDS : FULL_ROUNDS);
  const only = chosen(values.only, Object.keys(QUESTIONS) as Question[], "only");
  return { quick, json, readme, rounds, only, runtimes: chosen(values.runtimes, RUNTIMES, "runtimes") };
}
