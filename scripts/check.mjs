// The house checks: everything about the code that a program can decide. All run, even when one fails.
import * as docstrings from "./checks/docstrings.mjs";
import * as exports from "./checks/exports.mjs";
import * as format from "./checks/format.mjs";
import * as layering from "./checks/layering.mjs";
import * as leftovers from "./checks/leftovers.mjs";
import * as shape from "./checks/shape.mjs";
import * as symbols from "./checks/symbols.mjs";
import * as types from "./checks/types.mjs";
import { misuse, readCommandLine } from "./shared/command_line.mjs";
import { duration, green, red, say, status, yellow } from "./shared/terminal.mjs";

const all = { format, types, layering, symbols, exports, shape, docstrings, leftovers };

export const help = `Runs the house checks.

  npm run check                         all of them
  npm run check -- types shape          some: ${Object.keys(all).join(", ")}
  npm run check -- --fix                repairs formatting, order of imports and simple lint first
`;

/** A check that breaks has found a problem too. */
async function runOne({ title, check }) {
  const started = performance.now();
  status(`checking ${title}`);
  const { problems, warnings = [] } = await (async () => check())().catch((error) => ({ problems: [error.message] }));
  return { title, problems, warnings, milliseconds: performance.now() - started };
}

function sayResult({ title, problems, warnings, milliseconds }) {
  const verdict = problems.length > 0 ? red("FAIL") : green("ok  ");
  say(`${verdict} ${title}  ${duration(milliseconds)}`);
  for (const warning of warnings) say(yellow(`     warning: ${warning}`));
  for (const problem of problems) say(`     ${problem}`);
}

/** Runs the named checks, prints a line for each, resolves to [{ title, problems, warnings }]. */
export async function runChecks(names = Object.keys(all)) {
  const results = [];
  for (const name of names) {
    results.push(await runOne(all[name]));
    sayResult(results.at(-1));
  }
  return results;
}

/** `npm run check`. Resolves to the exit code. */
export async function main(parameters) {
  const options = { fix: { type: "boolean" }, help: { type: "boolean", short: "h" } };
  const { values, positionals } = readCommandLine(help, { args: parameters, options, allowPositionals: true });
  if (values.help) {
    say(help);
    return 0;
  }
  const unknown = positionals.filter((name) => !(name in all));
  if (unknown.length > 0) misuse(`no check is called ${unknown.join(", ")}; there are ${Object.keys(all).join(", ")}`);
  if (values.fix) say((await format.repair()).output.trim());
  const results = await runChecks(positionals.length > 0 ? positionals : undefined);
  const failed = results.filter((result) => result.problems.length > 0).length;
  say(`${results.length - failed} checks passed, ${failed} failed`);
  return failed > 0 ? 1 : 0;
}
