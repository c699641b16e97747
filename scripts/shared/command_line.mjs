// What was typed behind a command: its options, and the end of a command that was called wrongly.
import { parseArgs } from "node:util";
import { fail } from "./terminal.mjs";

/** As of bench/, examples/ and the long runs; 1 is for what went wrong in the work. */
const WRONG_USAGE = 2;

/** Ends the program: what was typed makes no sense. */
export function misuse(text) {
  fail(text, WRONG_USAGE);
}

/** As parseArgs; options that nobody knows end the program with its help. */
export function readCommandLine(help, config) {
  try {
    return parseArgs(config);
  } catch (error) {
    return misuse(`${error.message}\n\n${help}`);
  }
}
