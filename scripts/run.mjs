// What `npm start`, `npm test` and `npm run ...` call: sets everything up, then does the work. Needs Node 20 and npm.
import { existsSync } from "node:fs";
import process from "node:process";
import { program } from "./setup/programs.mjs";
import { setUp } from "./setup.mjs";
import { handOver } from "./shared/child.mjs";
import { misuse } from "./shared/command_line.mjs";
import { inProject } from "./shared/paths.mjs";
import { fail, say } from "./shared/terminal.mjs";

/** Runs a TypeScript program of the project under the newest Node. */
function underNode(path) {
  return (parameters) => {
    if (!existsSync(inProject(path))) fail(`${path} does not exist`);
    return handOver(program("node"), [inProject(path), ...parameters]);
  };
}

const inThisProcess = (path) => async (parameters) => (await import(path)).main(parameters);

const commands = {
  start: { what: "the example pipeline: Bun -> Deno -> Node", run: underNode("examples/pipeline/main.ts") },
  test: { what: "the house checks and the whole test matrix", run: inThisProcess("./test.mjs") },
  check: { what: "the house checks alone", run: inThisProcess("./check.mjs") },
  build: { what: "builds the C shim", run: inThisProcess("./build.mjs") },
  pack: { what: "makes the npm package", run: inThisProcess("./pack.mjs") },
  bench: { what: "the benchmarks, against C++ and the runtimes' own means", run: underNode("bench/run.ts") },
};

const help = `Usage: node scripts/run.mjs COMMAND [options]     (or npm start, npm test, npm run COMMAND -- [options])

${Object.entries(commands)
  .map(([name, { what }]) => `  ${name.padEnd(8)} ${what}`)
  .join("\n")}

The set-up happens inside: packages from npm at the first run, the shim when its sources changed.
Every command knows --help.
`;

const [name, ...parameters] = process.argv.slice(2);
if (name === undefined || name === "--help" || name === "-h") {
  say(help);
} else if (!(name in commands)) {
  misuse(`no command is called "${name}"\n\n${help}`);
} else {
  await setUp({ withShim: name !== "build" }).catch((error) => fail(error.message));
  process.exitCode = (await commands[name].run(parameters).catch((error) => fail(error.message))) ?? 0;
}
