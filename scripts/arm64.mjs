// Runs the tests on an emulated aarch64 machine: Debian's kernel and C library, the runtimes as npm delivers them.
//
//   node scripts/arm64.mjs [FILTER...] [--runtime bun,deno]
//
// Emulation is 10 to 50 times as slow as the processor, and keeps the strict order of memory accesses that x86-64 has: it
// shows that the library works there, not how fast, and not that every fence stands where it must. Under QEMU 7.2 V8 fails
// a check of its own ("it->second.Size() > offset") where Node's WebAssembly strips types: Node 22 nearly always, with the
// library or without, Node 26 now and then.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { startCompiler } from "./arm64/compiler.mjs";
import { makeDisk, makeInitramfs } from "./arm64/image.mjs";
import { missingPrograms, runMachine } from "./arm64/machine.mjs";
import { fetchPackages } from "./arm64/packages.mjs";
import { setUp } from "./setup.mjs";
import { readCommandLine } from "./shared/command_line.mjs";
import { inProject } from "./shared/paths.mjs";
import { fail, say } from "./shared/terminal.mjs";
import { chooseRuntimes } from "./test/plan.mjs";

const help = `Runs the tests on an emulated aarch64 machine (QEMU), which is made at the first run and takes minutes then.

  node scripts/arm64.mjs                         all rows: many hours
  node scripts/arm64.mjs --runtime bun           one row, about an hour; its result goes into scripts/soak/results
  node scripts/arm64.mjs ring --runtime deno     test files whose path contains "ring"

Debian with the packages qemu-system-arm, e2fsprogs and cpio; no root.
`;

const options = { runtime: { type: "string" }, help: { type: "boolean", short: "h" } };
const resultPath = inProject("scripts/soak/results/aarch64.json");
const FILE_TIMEOUT_S = 1800;

/** What the last run said of its row. */
function readResult(output) {
  const lines = output.split("\n");
  const counts = /^(\d+) passed, (\d+) failed, (\d+) skipped$/.exec(
    lines.findLast((line) => / passed, /.test(line)) ?? "",
  );
  if (counts === null) return undefined;
  const [passed, failed, skipped] = counts.slice(1).map(Number);
  const begin = lines.indexOf("Failed");
  const failures = lines.slice(begin + 1).flatMap((line) => /^ {2}\S.*?: (tests\/.*)/.exec(line)?.[1] ?? []);
  return { passed, failed, skipped, failures: begin < 0 ? [] : failures };
}

function saveResult(row, machine, result) {
  const saved = existsSync(resultPath) ? JSON.parse(readFileSync(resultPath, "utf8")) : {};
  saved[row] = { date: new Date().toISOString().slice(0, 10), machine, ...result };
  writeFileSync(resultPath, `${JSON.stringify(saved, undefined, 2)}\n`);
}

async function main() {
  const { values, positionals } = readCommandLine(help, { options, allowPositionals: true });
  if (values.help) return say(help);
  const missing = await missingPrograms();
  if (missing.length > 0) fail(`not installed: ${missing.join(", ")}\n\n${help}`);
  await setUp();
  await fetchPackages();
  makeInitramfs();
  const compiler = await startCompiler();
  for (const { name } of chooseRuntimes(values.runtime)) {
    makeDisk({ filters: positionals, runtime: name, timeoutS: FILE_TIMEOUT_S, compilerPort: compiler.port });
    const { output, machine } = await runMachine();
    const result = readResult(output);
    if (result === undefined) fail(`${name}: the machine has ended without a summary`);
    if (positionals.length === 0) saveResult(name, machine, result);
    if (result.failed > 0) process.exitCode = 1;
  }
  compiler.close();
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) await main();
