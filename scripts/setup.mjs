// The set-up that every command runs first: packages, programs, the shim. Does nothing when all is in place.
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { installPackages, missingPackages } from "./setup/packages.mjs";
import { checkPrograms, findProgram, programNames } from "./setup/programs.mjs";
import { inProject } from "./shared/paths.mjs";
import { fail, say } from "./shared/terminal.mjs";
import { isShimCurrent } from "./shim/fingerprint.mjs";

/** Remembers which lock file the programs were last checked for. It lies in node_modules, so that npm ci removes it. */
const stampPath = inProject("node_modules/.linux-ipc-set-up");

const lockHash = () =>
  createHash("sha256")
    .update(readFileSync(inProject("package-lock.json")))
    .digest("hex");

function isChecked() {
  if (!existsSync(stampPath) || readFileSync(stampPath, "utf8") !== lockHash()) return false;
  return programNames.every((name) => findProgram(name) !== undefined);
}

function requireLinux() {
  if (process.platform !== "linux") fail(`linux-ipc is for Linux; this is ${process.platform}`);
  if (process.arch !== "x64" && process.arch !== "arm64") fail(`there is no build for ${process.arch} processors`);
  const major = Number(process.versions.node.split(".")[0]);
  if (major < 20) fail(`the scripts need Node 20 or newer to start; this is ${process.version}`);
}

async function installAll() {
  const missing = missingPackages();
  if (missing.length > 0) await installPackages(missing);
  await checkPrograms();
  writeFileSync(stampPath, lockHash());
}

/** Installs, checks and builds what is missing. */
export async function setUp({ withShim = true } = {}) {
  requireLinux();
  if (!isChecked()) await installAll();
  if (!withShim || isShimCurrent()) return;
  const { buildShim } = await import("./build.mjs");
  await buildShim();
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  await setUp().catch((error) => fail(error.message));
  say("Everything is in place.");
}
