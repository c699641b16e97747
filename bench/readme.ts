// Puts the newest result into README.md, between the markers: node bench/readme.ts [results.json]
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { orExplain } from "./command_line.ts";
import { markdown } from "./report/markdown.ts";
import type { Results } from "./run.ts";
import { machineLine } from "./runner/machine.ts";

const START = "<!-- bench:start -->";
const END = "<!-- bench:end -->";
const readme = new URL("../README.md", import.meta.url);
const results = new URL("results/", import.meta.url);

export function insertBetweenMarkers(text: string, fragment: string): string {
  const start = text.indexOf(START);
  const end = text.indexOf(END);
  if (start < 0 || end < start) throw new Error(`README.md needs the markers ${START} and ${END}`);
  return `${text.slice(0, start + START.length)}\n${fragment}\n${text.slice(end)}`;
}

function newestFile(): string {
  const [newest] = readdirSync(results)
    .filter((name) => /^\d{4}-.*\.json$/.test(name)) // others are results of single subjects, report/subject.ts
    .sort()
    .reverse();
  if (newest === undefined) throw new Error("bench/results has no results yet: node bench/run.ts");
  return fileURLToPath(new URL(newest, results));
}

export function updateReadme(file = newestFile()): void {
  const { machine, findings } = JSON.parse(readFileSync(file, "utf8")) as Results;
  const picture = `bench/results/${basename(file, ".json")}.svg`;
  const fragment = markdown(findings, machineLine(machine), picture);
  writeFileSync(readme, insertBetweenMarkers(readFileSync(readme, "utf8"), fragment));
}

const help = `Puts a result into README.md, between the markers.

  node bench/readme.ts [RESULTS.json]   the newest one in bench/results unless said
  node bench/readme.ts --help           this text`;

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  orExplain(help, (args) => {
    const { positionals } = parseArgs({ args, allowPositionals: true });
    if (positionals.length > 1) throw new TypeError("one result is enough");
    updateReadme(positionals[0]);
  });
}
