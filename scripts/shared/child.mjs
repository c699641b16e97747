// Child processes: run one and collect its output, or hand it this terminal.
import { spawn } from "node:child_process";
import process from "node:process";
import { root } from "./paths.mjs";

/**
 * Runs a program and collects what it writes.
 * Resolves to { code, signal, stdout, stderr, output }; a program that cannot be started has code 127.
 */
export function capture(command, parameters, { cwd = root, env = process.env, timeoutMs = 0, input } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, parameters, { cwd, env, timeout: timeoutMs, killSignal: "SIGKILL" });
    const result = { code: 127, signal: null, stdout: "", stderr: "", output: "" };
    const collect = (name) => (chunk) => {
      result[name] += chunk;
      result.output += chunk;
    };
    child.stdout.setEncoding("utf8").on("data", collect("stdout"));
    child.stderr.setEncoding("utf8").on("data", collect("stderr"));
    child.stdin.on("error", () => {}); // a program that does not read its input closes the pipe
    child.stdin.end(input);
    child.on("error", (error) => resolve({ ...result, output: result.output + error.message }));
    child.on("close", (code, signal) => resolve({ ...result, code, signal }));
  });
}

/** Runs a program on this terminal and resolves to its exit code; 128 + n when signal n ended it. */
export function handOver(command, parameters, { cwd = root, env = process.env } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, parameters, { cwd, env, stdio: "inherit" });
    const forward = (signal) => child.kill(signal);
    // Ctrl-C reaches the whole foreground group by itself: this process only has to outlive its child.
    const ignore = () => {};
    process.on("SIGINT", ignore);
    process.on("SIGTERM", forward);
    child.on("error", reject);
    child.on("close", (code, signal) => {
      process.off("SIGINT", ignore);
      process.off("SIGTERM", forward);
      resolve(code ?? 128 + signalNumber(signal));
    });
  });
}

const signalNumbers = { SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGILL: 4, SIGABRT: 6, SIGBUS: 7, SIGFPE: 8, SIGKILL: 9 };
const signalNumber = (name) => ({ ...signalNumbers, SIGSEGV: 11, SIGPIPE: 13, SIGTERM: 15 })[name] ?? 1;
