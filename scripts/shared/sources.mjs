// The project's own files, as git sees them.
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { inProject, root } from "./paths.mjs";

const ignored = new Set(["node_modules", "native", "dist", "coverage", ".git"]);

function walk(folder = "") {
  return readdirSync(inProject(folder || ".")).flatMap((name) => {
    const path = folder + name;
    if (ignored.has(name)) return [];
    return statSync(inProject(path)).isDirectory() ? walk(`${path}/`) : [path];
  });
}

function listed() {
  try {
    const parameters = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    const output = execFileSync("git", parameters, {
      cwd: root,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    return output.split("\0").filter((path) => path !== "" && existsSync(inProject(path)));
  } catch {
    return walk(); // an unpacked archive, or no git on this machine
  }
}

let files;

/** Paths relative to the checkout, sorted: tracked files and new ones that are not ignored. */
export function projectFiles() {
  files ??= listed().sort();
  return files;
}

/** Those of them below `folder` whose name ends with one of the extensions. */
export const sourcesIn = (folder, ...extensions) =>
  projectFiles().filter((path) => path.startsWith(folder) && extensions.some((extension) => path.endsWith(extension)));

export const readSource = (path) => readFileSync(inProject(path), "utf8");

export const readJson = (path) => JSON.parse(readSource(path));
