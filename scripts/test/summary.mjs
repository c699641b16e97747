// The end of a test run: one table, the reasons for skipping, the failures and what they say, and the last line.
import { bold, dim, duration, green, red, say, table, yellow } from "../shared/terminal.mjs";

const zero = () => ({ passed: 0, failed: 0, skipped: 0 });

/** Adds up the tests and problems of one file's result. A problem (crash, time-out) is a failure of its own. */
export function count(result) {
  const counts = zero();
  for (const test of result.tests) counts[test.status]++;
  counts.failed += result.problems.length;
  return counts;
}

export function add(left, right) {
  return {
    passed: left.passed + right.passed,
    failed: left.failed + right.failed,
    skipped: left.skipped + right.skipped,
  };
}

export const countAll = (results) => results.map(count).reduce(add, zero());

function rowsOf(results) {
  const labels = [...new Set(results.map((result) => result.label))];
  return labels.map((label) => {
    const own = results.filter((result) => result.label === label);
    const milliseconds = own.reduce((sum, result) => sum + result.milliseconds, 0);
    return { label, milliseconds, ...countAll(own) };
  });
}

const cells = (row) => [row.label, row.passed, row.failed, row.skipped, (row.milliseconds / 1000).toFixed(1)];

function sayTable(results, milliseconds) {
  const rows = rowsOf(results);
  const total = { label: "total", milliseconds, ...countAll(results) };
  const lines = table([["runtime", "passed", "failed", "skipped", "seconds"], ...rows.map(cells), cells(total)]);
  say(bold(lines[0]));
  rows.forEach((row, index) => {
    say(row.failed > 0 ? red(lines[index + 1]) : lines[index + 1]);
  });
  say(bold(lines.at(-1)));
}

/** Each reason once, with how often and where. */
function saySkips(results) {
  const reasons = new Map();
  for (const { label, tests } of results) {
    for (const { reason } of tests.filter((test) => test.status === "skipped")) {
      const entry = reasons.get(reason) ?? { times: 0, labels: new Set() };
      entry.times++;
      reasons.set(reason, { ...entry, labels: entry.labels.add(label) });
    }
  }
  if (reasons.size === 0) return;
  say(`\n${yellow("Skipped")}`);
  for (const [reason, { times, labels }] of reasons) {
    say(`  ${String(times).padStart(3)} x  ${reason}  ${dim(`(${[...labels].join(", ")})`)}`);
  }
}

const MESSAGE_LINES = 12;

/** A failed test by its name, and the begin of what it says: who reads the end of a long run has no more. */
function failureText({ label, file }, { name, message }) {
  const lines = (message ?? "").trim().split("\n").slice(0, MESSAGE_LINES).filter(Boolean);
  return [`${label}: ${file}: ${name}`, ...lines.map((line) => dim(`    ${line}`))].join("\n  ");
}

function sayFailures(results) {
  const lines = results.flatMap((result) => [
    ...result.problems.map((problem) => `${result.label}: ${result.file} ${problem}`),
    ...result.tests.filter((test) => test.status === "failed").map((test) => failureText(result, test)),
  ]);
  if (lines.length === 0) return;
  say(`\n${red("Failed")}`);
  for (const line of lines) say(`  ${line}`);
}

/** Prints everything; the totals are the very last line. */
export function saySummary(results, milliseconds) {
  say();
  sayTable(results, milliseconds);
  saySkips(results);
  sayFailures(results);
  const { passed, failed, skipped } = countAll(results);
  say(`\nTook ${duration(milliseconds)}.`);
  const line = `${passed} passed, ${failed} failed, ${skipped} skipped`;
  say(failed > 0 ? red(line) : green(line));
}
