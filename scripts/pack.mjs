// Makes the npm package: JavaScript and its types, the libraries, the C header, and a package.json of their own.
//
// Node strips no types inside node_modules, so npm cannot carry the sources. Each room of src/ becomes one file. The folders
// keep their places: the library finds native/ from src/ as it does here.
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import process from "node:process";
import { bundle, run, withModules } from "./pack/rooms.mjs";
import { readCommandLine } from "./shared/command_line.mjs";
import { inProject } from "./shared/paths.mjs";
import { readJson } from "./shared/sources.mjs";
import { say } from "./shared/terminal.mjs";
import { libraryName, targets } from "./shim/fingerprint.mjs";

export const help = `Makes the npm package: the folder dist/package and its tarball beside it.

  npm run pack                          to look at; publish with: npm publish dist/package --access public
  npm run pack -- --out DIRECTORY       somewhere else than dist
`;

const libraries = targets.map(({ cpu }) => `native/${libraryName(cpu)}`);
const copied = [...libraries, "include", "README.md", "DESIGN.md", "CHANGELOG.md", "LICENSE"];

/** The modules that package.json exports, without their ".ts". */
function entries() {
  return Object.values(readJson("package.json").exports).map((path) => path.replace(/^\.\/|\.ts$/g, ""));
}

/** The compiler leaves "./x.ts" in the types. TypeScript takes that for ./x.d.ts; some editors look for the file. */
function correctImports(folder) {
  const types = readdirSync(folder, { recursive: true }).filter((path) => path.endsWith(".d.ts"));
  for (const path of types.map((path) => join(folder, path))) {
    const text = readFileSync(path, "utf8");
    writeFileSync(path, text.replace(/\b(from |import\()"(\.[^"]*)\.ts"/g, '$1"$2.js"'));
  }
}

/** Markdown with links to what `isThere` alone: of the others their words stay, of pictures nothing. */
function withLinksTo(isThere, markdown) {
  return markdown
    .replace(/^!\[[^\]]*\]\((?!\w+:)([^)#]+)[^)]*\)\n\n?/gm, (picture, path) => (isThere(path) ? picture : ""))
    .replace(/\[([^\]]*)\]\((?!\w+:|#)([^)#]+)[^)]*\)/g, (link, words, path) => (isThere(path) ? link : words));
}

/** The examples, say, are in the repository alone. */
function correctLinks(folder) {
  const isThere = (path) => existsSync(join(folder, path));
  for (const path of copied.filter((path) => path.endsWith(".md")).map((path) => join(folder, path))) {
    writeFileSync(path, withLinksTo(isThere, readFileSync(path, "utf8")));
  }
}

/** What stands in place of an exported TypeScript file. */
function compiled(path) {
  const name = path.replace(/\.ts$/, "");
  return { types: `${name}.d.ts`, default: `${name}.js` };
}

/** Those who compile C find the header by the package's name. */
const plainFiles = { "./include/*": "./include/*", "./package.json": "./package.json" };

/**
 * The repository's package.json without what is only for working on it; and what TypeScript reads that knows no `exports`
 * (moduleResolution node10, which CommonJS had until TypeScript 6).
 */
function packageJson() {
  const { private: _, scripts, devDependencies, allowScripts, exports, ...kept } = readJson("package.json");
  const entries = Object.entries(exports).map(([name, path]) => [name, compiled(path)]);
  const [[, { types, default: main }], ...subpaths] = entries;
  const typesOf = subpaths.map(([name, path]) => [name.slice(2), [path.types]]);
  const old = { main, types, typesVersions: { "*": Object.fromEntries(typesOf) } };
  return { ...kept, ...old, exports: { ...Object.fromEntries(entries), ...plainFiles } };
}

/** Types say `Symbol.dispose` to programs whose own `lib` does not. */
function addLibrary(folder, { exports }) {
  for (const { types } of Object.values(exports)) {
    if (types === undefined) continue;
    const path = join(folder, types);
    writeFileSync(path, `/// <reference lib="esnext.disposable" />\n${readFileSync(path, "utf8")}`);
  }
}

function checkExports(folder, { exports }) {
  const files = Object.values(exports).flatMap((entry) => (typeof entry === "string" ? [] : Object.values(entry)));
  const missing = files.filter((path) => !existsSync(join(folder, path)));
  if (missing.length > 0) throw new Error(`exported, but not made: ${missing.join(", ")}`);
}

/** Everything that npm gets, in a folder of its own. */
async function stage(folder) {
  rmSync(folder, { recursive: true, force: true }); // of a former time
  mkdirSync(folder, { recursive: true });
  // Docstrings stay in both: editors show them in the types, people who debug read them.
  await withModules("scripts/pack/tsconfig.json", ["--declarationDir", folder], (modules) =>
    bundle(entries(), modules, folder),
  );
  correctImports(folder);
  for (const path of copied) cpSync(inProject(path), join(folder, path), { recursive: true });
  correctLinks(folder);
  const description = packageJson();
  checkExports(folder, description);
  addLibrary(folder, description);
  writeFileSync(join(folder, "package.json"), `${JSON.stringify(description, null, 2)}\n`);
}

/** `npm pack`, which also says what it has packed. */
async function makeTarball(folder, out) {
  const parameters = ["pack", "--json", "--loglevel=error", `--pack-destination=${out}`];
  return JSON.parse(await run("npm", parameters, { cwd: folder }))[0];
}

/** `npm run pack`. */
export async function main(parameters) {
  const options = { out: { type: "string", default: inProject("dist") }, help: { type: "boolean", short: "h" } };
  const { values } = readCommandLine(help, { args: parameters, options });
  if (values.help) return say(help);
  const out = resolve(values.out);
  await stage(join(out, "package"));
  const { filename, size, entryCount } = await makeTarball(join(out, "package"), out);
  say(`${relative(process.cwd(), join(out, filename))}: ${size} bytes, ${entryCount} files`);
}
