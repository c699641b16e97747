// The npm packages of the project: are they what package-lock.json says, and if not, install them.
import { existsSync, readFileSync } from "node:fs";
import { delimiter } from "node:path";
import process from "node:process";
import { handOver } from "../shared/child.mjs";
import { inProject } from "../shared/paths.mjs";
import { duration, fail, say } from "../shared/terminal.mjs";

const readPackages = (path) => (existsSync(path) ? JSON.parse(readFileSync(path, "utf8")).packages : {});

function isInstalled(path, wanted, found) {
  if (found === undefined) return wanted.optional === true; // of optional packages, most are for other systems
  return found.version === wanted.version && existsSync(inProject(`${path}/package.json`));
}

/** Packages that are absent or of another version than the lock file's. By content: a checkout changes all dates. */
export function missingPackages() {
  const wanted = readPackages(inProject("package-lock.json"));
  const found = readPackages(inProject("node_modules/.package-lock.json"));
  const paths = Object.keys(wanted).filter((path) => path !== "");
  return paths.filter((path) => !isInstalled(path, wanted[path], found[path])).map((path) => path.slice(13));
}

/** PATH without the project's own programs: npm must not run on a Node that it is about to replace. */
export function outerPath() {
  const parts = (process.env.PATH ?? "").split(delimiter);
  return parts.filter((part) => !part.startsWith(inProject("node_modules"))).join(delimiter);
}

/** Runs `npm ci`, quietly: its warning about the age of this Node is answered by the Node that it installs. */
export async function installPackages(missing) {
  const isFirst = !existsSync(inProject("node_modules"));
  say(
    isFirst
      ? "First run: installing Bun, Deno, Node 22, Node 26 and Zig from npm into node_modules"
      : updateText(missing),
  );
  say("(about 350 MB to download and 1.1 GB on disk; usually one to three minutes)");
  const started = Date.now();
  const parameters = ["ci", "--loglevel=error", "--no-audit", "--no-fund", "--include=dev", "--include=optional"];
  const env = { ...process.env, PATH: outerPath() };
  const code = await handOver("npm", parameters, { env }).catch((error) => fail(npmMissing(error)));
  if (code !== 0) fail(`npm ci failed with exit code ${code}; what it said is above. Is the npm registry reachable?`);
  say(`Installed in ${duration(Date.now() - started)}.`);
}

const updateText = (missing) =>
  `Installing again, as package-lock.json says: ${missing.slice(0, 4).join(", ")}${missing.length > 4 ? ", ..." : ""}`;

const npmMissing = (error) => `npm could not be started (${error.message}); install Node 20 or newer with npm`;
