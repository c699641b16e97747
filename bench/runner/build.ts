// Compiles the C++ programs with zig, for this very processor.
import { execFile } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const sources = new URL("../cpp/", import.meta.url);
const zig = fileURLToPath(new URL("../../node_modules/.bin/zig", import.meta.url));
const FLAGS = ["-std=c++17", "-O3", "-march=native", "-Wall", "-Wextra", "-Werror"];
const PROGRAMS = ["pingpong", "throughput", "blocking", "locks"];

export function programPath(program: string): string {
  return fileURLToPath(new URL(`build/${program}`, sources));
}

/** Compiles one of them; its path. */
export async function buildProgram(program: string): Promise<string> {
  await mkdir(new URL("build/", sources), { recursive: true });
  const source = fileURLToPath(new URL(`${program}.cpp`, sources));
  // The first use of zig c++ builds the C++ library and warns about it at length: its messages only come with an error.
  await run(zig, ["c++", ...FLAGS, source, "-o", programPath(program)], { maxBuffer: 1 << 28 });
  return programPath(program);
}

/** Those that bench/run.ts compares with. */
export async function buildPrograms(): Promise<void> {
  for (const program of PROGRAMS) await buildProgram(program);
}
