// What `npm test` runs: the matrix of runtimes and backends, and which test files belong to which row.
import { existsSync, readdirSync, statSync } from "node:fs";
import { programVersion } from "../setup/programs.mjs";
import { misuse } from "../shared/command_line.mjs";
import { inProject } from "../shared/paths.mjs";

/** Run once, under the newest Node: they start several runtimes themselves, or explore a model that is no runtime's. */
const crossFolders = ["tests/cross/", "tests/crash/", "tests/explorer/"];

/** These run alone: they spin, kill at chosen instants, take times, or change or count what the whole machine has. */
const alone = [
  /^tests\/crash\/(?!(heirs|notice)\.)/,
  /^tests\/cross\/(c_counter|c_rwlock_kills|c_words|litmus|ordered_load|pipeline|ring)\./,
  /^tests\/memory\/(cpu|cpu_lock|huge_pages|numa)\./,
  /^tests\/(ring\/(loop|shared_map_expiry)|sync\/plain_locks|wait\/(first_wait|pending|same_thread))\./,
];

const FILE_TIMEOUT_MS = 180_000;
const CROSS_TIMEOUT_MS = 600_000;

/** The rows of the matrix. `tool` says how tests are started and results read, see execute.mjs. */
const rows = [
  { name: "bun", program: "bun", tool: "bun", title: "Bun" },
  { name: "deno", program: "deno", tool: "deno", title: "Deno" },
  { name: "node22", program: "node22", tool: "node", title: "Node", backend: "node-api" },
  { name: "node26", program: "node", tool: "node", title: "Node", backend: "node-api" },
  { name: "koffi", program: "node", tool: "node", title: "Node", backend: "koffi" },
  { name: "node-ffi", program: "node", tool: "node", title: "Node", backend: "node-ffi" },
  { name: "cross", program: "node", tool: "node", title: "cross, by Node", backend: "node-api" },
];

export const runtimeNames = rows.map((row) => row.name);

/** Names that stand for several rows. */
const groups = { node: ["node22", "node26", "koffi", "node-ffi"], ffi: ["node-ffi"] };

/** Rows for a list such as "bun,node"; all of them when there is none. */
export function chooseRuntimes(list) {
  const asked = list === undefined ? runtimeNames : list.split(",").flatMap((name) => groups[name] ?? [name]);
  const unknown = asked.filter((name) => !runtimeNames.includes(name));
  if (unknown.length > 0)
    misuse(`no runtime is called ${unknown.join(", ")}; there are ${runtimeNames.join(", ")}, node`);
  return rows.filter((row) => asked.includes(row.name)).map(withLabel);
}

function withLabel(row) {
  const label = [row.title, programVersion(row.program), row.name === "cross" ? "" : (row.backend ?? "")];
  return {
    ...row,
    label: label.join(" ").trim(),
    timeoutMs: row.name === "cross" ? CROSS_TIMEOUT_MS : FILE_TIMEOUT_MS,
  };
}

function walk(folder) {
  const names = existsSync(inProject(folder)) ? readdirSync(inProject(folder)).sort() : [];
  return names.flatMap((name) => {
    const path = `${folder}/${name}`;
    return statSync(inProject(path)).isDirectory() ? walk(path) : [path];
  });
}

const isCross = (file) => crossFolders.some((folder) => file.startsWith(folder));
const matches = (file, filters) =>
  filters.length === 0 || filters.some((part) => file.includes(part.replace(/^\.\//, "")));

const isPaired = (file) => !alone.some((one) => one.test(file));

/** One entry for each test process: { runtime, file, isPaired }, in the order of running, those in pairs first. */
export function makePlan(runtimes, filters) {
  const files = walk("tests").filter((file) => file.endsWith(".test.ts") && matches(file, filters));
  const belongs = (file, runtime) => isCross(file) === (runtime.name === "cross");
  return runtimes.flatMap((runtime) => {
    const entries = files
      .filter((file) => belongs(file, runtime))
      .map((file) => ({ runtime, file, isPaired: isPaired(file) }));
    return [...entries.filter((entry) => entry.isPaired), ...entries.filter((entry) => !entry.isPaired)];
  });
}
