// Check: package.json, package-lock.json, deno.json and the changelog describe the same package.
import { existsSync } from "node:fs";
import { inProject } from "../shared/paths.mjs";
import { readJson, readSource } from "../shared/sources.mjs";

export const title = "exports and versions";

const asText = (value) => JSON.stringify(value);

/** The files that an export leads to; conditions may be nested. */
const filesOf = (target) => (typeof target === "string" ? [target] : Object.values(target).flatMap(filesOf));

/** The newest release in the changelog; undefined before the first one. What is unreleased has no number yet. */
const newestRelease = () => readSource("CHANGELOG.md").match(/^## v?(\d\S*)/m)?.[1];

export function check() {
  const [npm, lock, deno] = ["package.json", "package-lock.json", "deno.json"].map(readJson);
  const problems = [];
  const mustEqual = (what, left, right) => {
    if (asText(left) !== asText(right)) problems.push(`${what}: ${asText(left)} is not ${asText(right)}`);
  };
  mustEqual("exports of package.json and deno.json", npm.exports, deno.exports);
  mustEqual("name in package.json and deno.json", npm.name, deno.name);
  mustEqual("version in package.json and deno.json", npm.version, deno.version);
  mustEqual("version in package.json and package-lock.json", npm.version, lock.version);
  mustEqual("license in package.json and deno.json", npm.license, deno.license);
  mustEqual("version in package.json and newest in CHANGELOG.md", npm.version, newestRelease() ?? npm.version);
  if (npm.private !== true) problems.push("package.json is not private; npm gets what `npm run pack` makes");
  for (const path of filesOf(npm.exports)) {
    if (!existsSync(inProject(path))) problems.push(`the exported file ${path} does not exist`);
  }
  return { problems };
}
