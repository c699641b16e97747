// Check: types, by TypeScript over the whole project and by Deno over everything that is exported.
import process from "node:process";
import { program } from "../setup/programs.mjs";
import { capture } from "../shared/child.mjs";
import { inProject } from "../shared/paths.mjs";
import { readJson } from "../shared/sources.mjs";

export const title = "types (tsc, deno check)";

const asLines = (text) => text.split("\n").filter((line) => line.trim() !== "");

async function typescript() {
  const { code, output } = await capture(program("node"), [
    inProject("node_modules/typescript/bin/tsc"),
    "--pretty",
    "false",
  ]);
  return code === 0 ? [] : ["tsc:", ...asLines(output)];
}

async function deno() {
  const entries = Object.values(readJson("deno.json").exports);
  const env = { ...process.env, NO_COLOR: "1" };
  const { code, output } = await capture(program("deno"), ["check", ...entries], { env });
  return code === 0 ? [] : ["deno check:", ...asLines(output)];
}

export async function check() {
  return { problems: (await Promise.all([typescript(), deno()])).flat() };
}
