// Check: rooms of src/ import only rooms that stand above them, and only `runtime` knows the runtimes.
import { posix } from "node:path";
import { readSource, sourcesIn } from "../shared/sources.mjs";

export const title = "layering of src/";

/** From the ground up: each room may import those before it. */
const rooms = ["runtime", "sys", "memory", "wait", "sync", "ring", "queue", "signal", "stream", "inspect", "cli"];

const importPatterns = [
  /\b(?:import|export)\b[^;"']*?\bfrom\s*["']([^"']+)["']/g,
  /\bimport\s*["']([^"']+)["']/g,
  /\bimport\(\s*["']([^"']+)["']/g,
  /\brequire\(\s*["']([^"']+)["']/g,
  /\bcreateRequire\([^)]*\)\(\s*["']([^"']+)["']/g,
];

/** Source without comments; strings stay, because import paths are strings. */
export const withoutComments = (source) => source.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");

const importsOf = (source) =>
  importPatterns.flatMap((pattern) => [...source.matchAll(pattern)].map((match) => match[1]));

const roomOf = (path) => path.split("/")[1];
const mayKnowRuntime = (path) =>
  roomOf(path) === "sys" || roomOf(path) === "runtime" || /^src\/wait\/engine\b/.test(path);

/** Packages and runtime modules: what is allowed where. */
function foreignProblem(path, specifier) {
  if (specifier.startsWith("node:") && specifier !== "node:ffi") return undefined;
  if (roomOf(path) === "runtime" && ["koffi", "bun:ffi", "node:ffi"].includes(specifier)) return undefined;
  if (roomOf(path) === "cli" && !specifier.includes(":")) return undefined;
  return `imports the package "${specifier}"; the library depends on nothing`;
}

function localProblem(path, specifier) {
  if (!specifier.endsWith(".ts")) return `imports "${specifier}" without the extension .ts`;
  const target = posix.join(posix.dirname(path), specifier);
  if (target === "native/embedded.ts" && roomOf(path) === "runtime") return undefined;
  if (!target.startsWith("src/")) return `imports ${target}, which is outside src/`;
  const [own, other] = [rooms.indexOf(roomOf(path)), rooms.indexOf(roomOf(target))];
  if (other < 0) return `imports ${target}, which is in no room`;
  if (other > own) return `imports ${target}: "${rooms[other]}" stands below "${rooms[own]}"`;
  if (roomOf(target) === "runtime" && !mayKnowRuntime(path)) return `imports ${target}: only sys and the engine may`;
  return undefined;
}

/** What only a runtime has, or what tells which one this is; in strings too: `"Deno" in globalThis`. */
const runtimeNames = /\b(?:Deno|Bun|process\.versions|process\.isBun|navigator\.userAgent)\b/g;

/** The names of runtimes in the code of a file that must not know any. */
function runtimeNamesIn(source) {
  const code = withoutComments(source).replace(/\s\/\/ .*$/gm, "");
  return [...new Set(code.match(runtimeNames))];
}

function runtimeProblems(path) {
  if (roomOf(path) === "runtime") return [];
  return runtimeNamesIn(readSource(path)).map((name) => `${path} asks for ${name}: only runtime knows the runtimes`);
}

function fileProblems(path) {
  if (!rooms.includes(roomOf(path))) return [`${path} is in no room; there are ${rooms.join(", ")}`];
  const found = importsOf(withoutComments(readSource(path)));
  const problem = (specifier) => (specifier.startsWith(".") ? localProblem : foreignProblem)(path, specifier);
  return found
    .map(problem)
    .filter(Boolean)
    .map((text) => `${path} ${text}`);
}

/** A mod.ts is a list of names: everything in it is a re-export. */
function modProblems(path) {
  const statements = withoutComments(readSource(path))
    .split(";")
    .map((text) => text.trim())
    .filter(Boolean);
  const isReexport = (text) => /^export\s+(type\s+)?(\{[^}]*\}|\*(\s+as\s+\w+)?)\s+from\s+["'][^"']+["']$/.test(text);
  return statements
    .filter((text) => !isReexport(text))
    .map((text) => `${path} does more than re-export: ${text.slice(0, 60)}`);
}

export function check() {
  const sources = sourcesIn("src/", ".ts");
  const mods = [...sourcesIn("mod.ts", "mod.ts"), ...sources.filter((path) => path.endsWith("/mod.ts"))];
  const missing = mods[0] === "mod.ts" ? [] : ["mod.ts, the front door, does not exist"];
  return {
    problems: [
      ...missing,
      ...sources.flatMap(fileProblems),
      ...sources.flatMap(runtimeProblems),
      ...mods.flatMap(modProblems),
    ],
  };
}
