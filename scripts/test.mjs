// The whole test matrix: one suite, unchanged, under every runtime and backend; what spins or takes times, one file at a time.
import process from "node:process";
import { runChecks } from "./check.mjs";
import { misuse, readCommandLine } from "./shared/command_line.mjs";
import { dim, duration, fail, isTerminal, red, say, status } from "./shared/terminal.mjs";
import { interrupt, runFile } from "./test/execute.mjs";
import { LeftoverWatch } from "./test/objects.mjs";
import { bundlePeers } from "./test/peers.mjs";
import { chooseRuntimes, makePlan, runtimeNames } from "./test/plan.mjs";
import { count, countAll, saySummary } from "./test/summary.mjs";

export const help = `Runs the house checks and the tests under Bun, Deno and Node.

  npm test                              everything
  npm test -- ring                      test files whose path contains "ring"; no house checks
  npm test -- --runtime bun,deno        some runtimes: ${runtimeNames.join(", ")}, node (all of Node)
  npm test -- --timeout 30              seconds that one file may take (default 180; cross and crash tests 600)
  npm test -- --no-checks               tests only

Files in tests/cross and tests/crash start several runtimes themselves, and those in tests/explorer play an algorithm
through step by step; they run once, as "cross", under Node.
The last line of the output is "N passed, N failed, N skipped".
`;

const options = {
  runtime: { type: "string" },
  timeout: { type: "string" },
  "no-checks": { type: "boolean" },
  help: { type: "boolean", short: "h" },
};

function readOptions(parameters) {
  const { values, positionals } = readCommandLine(help, { args: parameters, options, allowPositionals: true });
  const timeoutMs = values.timeout === undefined ? undefined : Number(values.timeout) * 1000;
  if (timeoutMs !== undefined && !(timeoutMs > 0)) misuse(`--timeout takes seconds, not "${values.timeout}"`);
  const isWhole = positionals.length === 0 && values.runtime === undefined;
  return { ...values, timeoutMs, filters: positionals, withChecks: isWhole && !values["no-checks"] };
}

const counted = ({ passed, failed, skipped }) => `${passed} passed, ${failed} failed, ${skipped} skipped`;

/** The house checks, each as one test of a pretended file. */
async function checkResults() {
  const started = performance.now();
  const tests = (await runChecks()).map(({ title, problems }) => ({
    name: title,
    status: problems.length > 0 ? "failed" : "passed",
  }));
  return {
    label: "house checks",
    file: "scripts/check.mjs",
    tests,
    problems: [],
    milliseconds: performance.now() - started,
  };
}

function sayResult(result) {
  const counts = count(result);
  const line = `${result.label.padEnd(22)} ${result.file.padEnd(40)} ${counted(counts)}  ${duration(result.milliseconds)}`;
  say(counts.failed > 0 ? red(line) : line);
  if (counts.failed === 0) return;
  for (const problem of result.problems) say(red(`${result.label}: ${result.file} ${problem}`));
  say(dim(`---- what ${result.file} wrote under ${result.label} ----`));
  say(result.log.trimEnd());
  say(dim("----"));
}

/** Redraws the status line while files run. */
function showProgress(label, running, position, results, started) {
  const draw = () => {
    const sofar = counted(countAll(results));
    status(`[${position}] ${label}  ${running.join(", ")}  ${sofar}  ${duration(performance.now() - started)}`);
  };
  draw();
  const timer = isTerminal ? setInterval(draw, 200) : undefined;
  return () => clearInterval(timer);
}

/** Files that run at a time where they may: most of them wait for something most of the time. */
const ABREAST = 3;

/** Whether the second may run beside the first. */
const isPair = (first, second) => first.isPaired && second?.isPaired && first.runtime === second.runtime;

/** Runs the plan in its order: several files at a time where they allow it, otherwise one. */
async function runPlan(plan, timeoutMs, results, started) {
  const watch = new LeftoverWatch();
  const running = [];
  let position = 0;
  const runNext = async () => {
    const { runtime, file } = plan[position++];
    running.push(file);
    const stop = showProgress(runtime.label, running, `${position}/${plan.length}`, results, started);
    const result = await runFile(runtime, file, timeoutMs ?? runtime.timeoutMs);
    stop();
    watch.look({ label: runtime.label, file: running.join(" or ") });
    running.splice(running.indexOf(file), 1);
    results.push({ label: runtime.label, file, ...result });
    sayResult(results.at(-1));
  };
  const isNextBeside = () => position < plan.length && isPair(plan[position - 1], plan[position]);
  const runWhilePaired = async () => {
    do await runNext();
    while (isNextBeside());
  };
  while (position < plan.length) {
    const lanes = [runWhilePaired()];
    while (lanes.length < ABREAST && isNextBeside()) lanes.push(runWhilePaired());
    await Promise.all(lanes);
  }
  for (const [path, { label, file }] of watch.leftovers()) {
    const problems = [`left ${path} behind`];
    results.push({
      label: "left in /dev/shm",
      file: `${label}: ${file}`,
      tests: [],
      problems,
      log: "",
      milliseconds: 0,
    });
  }
}

/** A runtime that was asked for and ran no file at all would pass silently; that is a failure too. */
function addIdleRuntimes(runtimes, plan, isFiltered, results) {
  for (const runtime of runtimes) {
    if (isFiltered || plan.some((entry) => entry.runtime === runtime)) continue;
    results.push({ label: runtime.label, file: "tests/", tests: [], problems: ["has no test file"], milliseconds: 0 });
  }
}

function stopOnInterrupt(results, started) {
  const stop = () => {
    interrupt();
    saySummary(results, performance.now() - started);
    fail("interrupted: not all tests were run", 130);
  };
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
}

/** `npm test`. Resolves to the exit code. */
export async function main(parameters) {
  const asked = readOptions(parameters);
  if (asked.help) {
    say(help);
    return 0;
  }
  const runtimes = chooseRuntimes(asked.runtime);
  const plan = makePlan(runtimes, asked.filters);
  if (plan.length === 0) misuse(`no test file matches ${asked.filters.join(", ") || "tests/**/*.test.ts"}`);
  const started = performance.now();
  const results = [];
  stopOnInterrupt(results, started);
  bundlePeers();
  if (asked.withChecks) results.push(await checkResults());
  await runPlan(plan, asked.timeoutMs, results, started);
  addIdleRuntimes(runtimes, plan, asked.filters.length > 0, results);
  saySummary(results, performance.now() - started);
  return countAll(results).failed > 0 ? 1 : 0;
}
