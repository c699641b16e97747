// Reports of the long runs: what ran on which machine, written where it can be committed, and progress meanwhile.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, release } from "node:os";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const folder = fileURLToPath(new URL("./results/", import.meta.url));

function versionOf(packageName: string): string {
  const path = new URL(`../../node_modules/${packageName}/package.json`, import.meta.url);
  return (JSON.parse(readFileSync(path, "utf8")) as { version: string }).version;
}

/** Without it a figure says nothing. */
export function machineLine(): string {
  const isVirtual = / hypervisor( |$)/m.test(readFileSync("/proc/cpuinfo", "utf8"));
  return [
    cpus()[0]?.model ?? "unknown processor",
    `${availableParallelism()} cores, ${isVirtual ? "virtual machine" : "bare metal"}`,
    `Linux ${release()}`,
    ...["bun", "deno", "node", "node22"].map((name) => `${name} ${versionOf(name)}`),
    new Date().toISOString().slice(0, 10),
  ].join(" · ");
}

export const reportPath = (name: string): string => `${folder}${name}.json`;

/** Writes `results/<name>.json`. */
export function writeReport(name: string, report: object): void {
  mkdirSync(folder, { recursive: true });
  const path = reportPath(name);
  writeFileSync(path, `${JSON.stringify({ machine: machineLine(), ...report }, null, 2)}\n`);
  console.log(`written: ${path}`);
}

/** One line that is drawn anew on a terminal, a line each time elsewhere. */
export function progress(text: string): void {
  process.stderr.write(process.stderr.isTTY ? `\r\x1b[K${text}` : `${text}\n`);
}

/** Ctrl-C and a time limit are ends, too: what runs at the exit of a process ends its peers and removes its objects. */
function exitOnSignals(): void {
  process.once("SIGINT", () => process.exit(130));
  process.once("SIGTERM", () => process.exit(143));
}

/** The help of a long run is its caption: the comment at the head of its file. */
function help(): string {
  const lines = readFileSync(process.argv[1] as string, "utf8").split("\n");
  const end = lines.findIndex((line) => !line.startsWith("//"));
  return lines
    .slice(0, end)
    .map((line) => line.replace(/^\/\/ ?/, ""))
    .join("\n");
}

function parseNumbers<Name extends string>(defaults: Record<Name, number>): Record<Name, number> {
  const options = Object.fromEntries(Object.keys(defaults).map((name) => [name, { type: "string" as const }]));
  const { values } = parseArgs({ options });
  const read = ([name, standard]: [string, unknown]) => {
    const value = values[name] === undefined ? (standard as number) : Number(values[name]);
    if (!Number.isInteger(value) || value < 0) throw new RangeError(`--${name} takes a whole number`);
    return [name, value];
  };
  return Object.fromEntries(Object.entries(defaults).map(read)) as Record<Name, number>;
}

/** How each long run begins: `--name value` for whole numbers, with their defaults; --help and errors end it. */
export function readNumbers<Name extends string>(defaults: Record<Name, number>): Record<Name, number> {
  exitOnSignals();
  if (process.argv.includes("--help")) {
    console.log(help());
    process.exit(0);
  }
  try {
    return parseNumbers(defaults);
  } catch (error) {
    console.error(`error ${(error as Error).message}\n\n${help()}`);
    process.exit(2);
  }
}
