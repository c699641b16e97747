// Reads what node-reporter.mjs has written. A crash may leave the last line unfinished.
import { leaves } from "./leaves.mjs";

function parse(line) {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

const words = (value, otherwise) => (typeof value === "string" && value !== "" ? value : otherwise);
const isSet = (value) => value !== undefined && value !== false;

function verdict({ name, skip, todo, hasPassed, message }) {
  if (isSet(skip)) return { name, status: "skipped", reason: words(skip, "no reason given") };
  if (isSet(todo)) return { name, status: "skipped", reason: `todo${words(todo, "") && `: ${todo}`}` };
  return { name, status: hasPassed ? "passed" : "failed", message };
}

/** Tests of a report, as { name, status, reason?, message? }. An empty or passing group is not a test. */
export function readEvents(report) {
  const events = report.split("\n").map(parse).filter(Boolean);
  const isGroup = (event) => event.kind === "suite" && event.hasPassed && !isSet(event.skip);
  return leaves(events.filter((event) => !isGroup(event)).map(verdict));
}
