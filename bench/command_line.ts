// What all benchmarks have in common on their command lines: --help, and one line instead of a stack for what is wrong.
import process from "node:process";
import { parseArgs } from "node:util";

const FULL_ROUNDS = 5;

/** What `parse` makes of the parameters; --help and errors end this process, with 0 and 2. */
export function orExplain<Result>(help: string, parse: (parameters: string[]) => Result): Result {
  const parameters = process.argv.slice(2);
  if (parameters.includes("--help")) {
    console.log(help);
    process.exit(0);
  }
  try {
    return parse(parameters);
  } catch (error) {
    console.error(`error ${(error as Error).message}\n--help tells what there is.`);
    process.exit(2);
  }
}

/** A number of rounds as it was typed. */
export function parseRounds(text: string | undefined, otherwise: number): number {
  const rounds = Number(text ?? otherwise);
  if (!Number.isInteger(rounds) || rounds < 1) throw new RangeError(`--rounds: ${text} is not a positive whole number`);
  return rounds;
}

/** The options of a benchmark of one subject; `about` is its caption in the help. */
export function subjectOptions(file: string, about: string): { quick: boolean; rounds: number } {
  const help = `${about}

  node bench/${file} [options]

  --quick      one round; writes no file
  --rounds N   trials of every row (default: ${FULL_ROUNDS})
  --help       this text

Results go to bench/results/${file.replace(".ts", ".json")}, and into README.md by node bench/readme.ts.`;
  return orExplain(help, (args) => {
    const options = { rounds: { type: "string" }, quick: { type: "boolean", default: false } } as const;
    const { quick, rounds } = parseArgs({ args, options }).values;
    return { quick, rounds: parseRounds(rounds, quick ? 1 : FULL_ROUNDS) };
  });
}
