// JavaScript as npm has it: compiled, and each room of src/ one file, since to load 190 takes three times as long as the
// rest of a program's start.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { isAbsolute, join } from "node:path";
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

/** Compiles what the project `config` includes, for `use` alone; `parameters` are the compiler's. */
export async function withModules(config, parameters, use) {
  const modules = mkdtempSync(join(tmpdir(), "linux-ipc-modules-"));
  const compiler = [inProject("node_modules/typescript/bin/tsc"), "--pretty", "false"];
  try {
    await run(program("node"), [...compiler, "--project", inProject(config), "--outDir", modules, ...parameters]);
    return await use(modules);
  } finally {
    rmSync(modules, { recursive: true });
  }
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

/** What peers of tests and benchmarks may import. The library itself has node: alone. */
export const isPackage = (module) => !module.startsWith(".") && !isAbsolute(module);

/** One file in `folder` for each room and each entry: `entries` are modules in `modules`, without their ".js". */
export async function bundle(entries, modules, folder, { external = /^node:/, plugins = [] } = {}) {
  const bundle = await rollup({
    input: Object.fromEntries(entries.map((name) => [name, join(modules, `${name}.js`)])),
    external,
    plugins,
    treeshake: false, // what looks useless may be there for the time it takes
    onwarn: refuse,
  });
  const names = { entryFileNames: "[name].js", chunkFileNames: "[name].js" };
  await bundle.write({ dir: folder, manualChunks: roomOf, hoistTransitiveImports: false, ...names });
}
