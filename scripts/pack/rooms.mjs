// JavaScript as npm has it: compiled, and each room of src/ one file, since to load 190 takes three times as long as the
// rest of a program's start.
import { join } from "node:path";
import { rollup } from "rollup";
import { program } from "../setup/programs.mjs";
import { capture } from "../shared/child.mjs";
import { inProject } from "../shared/paths.mjs";

/** Runs a program to its end, and throws what it said when it fails. */
export async function run(command, parameters, options) {
  const { code, signal, stdout, output } = await capture(command, parameters, options);
  if (code === 0) return stdout;
  throw new Error(`${command} ${parameters.join(" ")}\nended with ${signal ?? `exit code ${code}`}\n${output}`);
}

/** Compiles what the project `config` includes; `parameters` are the compiler's. */
export function compile(config, parameters) {
  const compiler = inProject("node_modules/typescript/bin/tsc");
  return run(program("node"), [compiler, "--pretty", "false", "--project", inProject(config), ...parameters]);
}

/** The file that a module becomes a part of: its room's, which all entries share, so that there is one of each class. */
function roomOf(module) {
  const room = /[/]src[/](\w+)[/]/.exec(module)?.[1];
  if (room !== undefined) return `src/${room}/room`;
  return module.endsWith("/native/embedded.js") ? "native/embedded" : undefined;
}

function refuse({ message }) {
  throw new Error(`rollup: ${message}`);
}

/** One file in `folder` for each room and each entry: `entries` are modules in `modules`, without their ".js". */
export async function bundle(entries, modules, folder, external = /^node:/) {
  const bundle = await rollup({
    input: Object.fromEntries(entries.map((name) => [name, join(modules, `${name}.js`)])),
    external,
    treeshake: false, // what looks useless may be there for the time it takes
    onwarn: refuse,
  });
  const names = { entryFileNames: "[name].js", chunkFileNames: "[name].js" };
  await bundle.write({ dir: folder, manualChunks: roomOf, hoistTransitiveImports: false, ...names });
}
