// Runs one test file under one runtime, in a process group of its own, and says what became of it.
import { spawn } from "node:child_process";
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { program } from "../setup/programs.mjs";
import { inProject, root } from "../shared/paths.mjs";
import { isTerminal } from "../shared/terminal.mjs";
import { killGroup, survivors } from "./group.mjs";
import { readJunit } from "./junit.mjs";
import { readEvents } from "./node-events.mjs";
import { removeObjectsOf } from "./objects.mjs";

const reporter = inProject("scripts/test/node-reporter.mjs");

/** How each test tool is started, and how its results are read. `report` is a file that it writes. */
const tools = {
  bun: {
    // Bun ends a test after 5 seconds unless told otherwise; the limit here is the file's.
    parameters: (file, report) => [
      "test",
      `./${file}`,
      "--timeout=3600000",
      "--reporter=junit",
      `--reporter-outfile=${report}`,
    ],
    read: readJunit,
  },
  deno: {
    parameters: (file, report) => ["test", "-A", "--no-check", `--junit-path=${report}`, file],
    read: readJunit,
  },
  node: {
    // Not `node --test`: that starts a process of its own for the file, and counts a file without tests as a pass.
    parameters: (file, report) => [
      ...["--test-reporter=spec", "--test-reporter-destination=stdout"],
      ...[`--test-reporter=${reporter}`, `--test-reporter-destination=${report}`, file],
    ],
    read: readEvents,
  },
};

/** Without them each Node process strips the types of the whole library again: two thirds of its start and more. */
const compileCache = inProject("node_modules/.cache/node-compile");
const stripCache = inProject("scripts/test/strip-cache.mjs");

function environmentFor(runtime) {
  const { NO_COLOR, FORCE_COLOR, NODE_OPTIONS, LINUX_IPC_BACKEND, ...rest } = process.env;
  const colours = isTerminal && !NO_COLOR ? { FORCE_COLOR: "1" } : { NO_COLOR: "1" };
  const cache = runtime.tool === "node" && { NODE_COMPILE_CACHE: compileCache };
  const strip = runtime.program === "node22" && { NODE_OPTIONS: `--import=${stripCache}` };
  return { ...rest, ...colours, ...cache, ...strip, ...(runtime.backend && { LINUX_IPC_BACKEND: runtime.backend }) };
}

/** The process groups that are running now, for Ctrl-C. */
const running = new Set();

/** Ends a test that this script will not wait for, and clears up after it. */
function end(group) {
  killGroup(group);
  removeObjectsOf(group);
}

export function interrupt() {
  for (const group of running) end(group);
}

/** Starts the process; resolves to { code, signal, isTimedOut, leftBehind } when it has ended. */
function runProcess(runtime, file, report, logDescriptor, timeoutMs) {
  return new Promise((resolve) => {
    const parameters = tools[runtime.tool].parameters(file, report);
    // Output goes to a file: a pipe would stay open as long as any grandchild lives.
    const stdio = ["ignore", logDescriptor, logDescriptor];
    const options = { cwd: root, env: environmentFor(runtime), stdio, detached: true };
    const child = spawn(program(runtime.program), parameters, options);
    if (child.pid !== undefined) running.add(child.pid);
    let isTimedOut = false;
    const timer = setTimeout(() => {
      isTimedOut = true;
      end(child.pid);
    }, timeoutMs);
    const finish = async (code, signal) => {
      clearTimeout(timer);
      const leftBehind = isTimedOut || child.pid === undefined ? [] : await survivors(child.pid);
      if (child.pid !== undefined) killGroup(child.pid);
      running.delete(child.pid);
      resolve({ code, signal, isTimedOut, leftBehind });
    };
    child.on("exit", finish);
    child.on("error", (error) => finish(error.message, null));
  });
}

/** What is wrong with the run as a whole, beside the tests that failed. */
function runProblems({ code, signal, isTimedOut, leftBehind }, tests, timeoutMs) {
  const problems = [];
  const hasFailed = tests.some((test) => test.status === "failed");
  if (isTimedOut) problems.push(`did not end within ${timeoutMs / 1000} s and was killed`);
  else if (signal !== null) problems.push(`crashed: ended by ${signal}`);
  else if (typeof code === "string") problems.push(`could not be started: ${code}`);
  else if (code >= 128) problems.push(`crashed: exit code ${code}`);
  else if (code !== 0 && !hasFailed) problems.push(`exit code ${code} without a failed test`);
  else if (tests.length === 0) problems.push("ran no test");
  if (leftBehind.length > 0) problems.push(`left processes behind: ${leftBehind.join(", ")}`);
  return problems;
}

/**
 * Runs `file` under `runtime`.
 * Resolves to { tests: [{ name, status, reason }], problems, log, milliseconds }; status: passed, failed or skipped.
 */
export async function runFile(runtime, file, timeoutMs) {
  const work = mkdtempSync(join(tmpdir(), "linux-ipc-test-"));
  const [report, logPath] = [join(work, "report"), join(work, "log")];
  const logDescriptor = openSync(logPath, "w");
  const started = performance.now();
  try {
    const end = await runProcess(runtime, file, report, logDescriptor, timeoutMs);
    const milliseconds = performance.now() - started;
    const source = readFileSync(inProject(file), "utf8");
    const tests = existsSync(report) ? tools[runtime.tool].read(readFileSync(report, "utf8"), source) : [];
    const problems = runProblems(end, tests, timeoutMs);
    return { tests, problems, log: readFileSync(logPath, "utf8"), milliseconds };
  } finally {
    closeSync(logDescriptor);
    rmSync(work, { recursive: true, force: true });
  }
}
