// Loaded into each Node 22 process of a test run: keeps TypeScript without its types, for the next process.
//
// Node 26 keeps what it stripped in its compile cache. Node 22 strips the whole library again at each start: four fifths
// of it, for the tests and for each process that they start. The files are named after what they were made of.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { registerHooks, stripTypeScriptTypes } from "node:module";
import { dirname } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("../../node_modules/.cache/stripped/", import.meta.url));

/** What Node itself would run. Its warning that the function is new would be taken for output of the test. */
function strip(text) {
  const { emitWarning } = process;
  process.emitWarning = () => {};
  try {
    return stripTypeScriptTypes(text);
  } finally {
    process.emitWarning = emitWarning;
  }
}

/** Under its name only when it is whole: other processes read it at the same time, and tests kill processes. */
function save(path, source) {
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(`${path}.${process.pid}`, source);
    renameSync(`${path}.${process.pid}`, path);
  } catch {
    // Some tests give up their rights first: they go without.
  }
  return source;
}

registerHooks({
  load(url, context, next) {
    if (!url.startsWith("file:") || !url.endsWith(".ts") || url.includes("/node_modules/")) return next(url, context);
    const text = readFileSync(fileURLToPath(url), "utf8");
    const path = `${folder}${createHash("sha256").update(text).digest("hex")}.js`;
    const source = existsSync(path) ? readFileSync(path, "utf8") : save(path, strip(text));
    return { format: "module", source, shortCircuit: true };
  },
});
