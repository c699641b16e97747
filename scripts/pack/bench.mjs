// Makes what bench/ measures, its peers with the library as npm has it, in the folder that it is given.
//
// Who installs the library gets JavaScript, and so does whoever is measured. (Node strips types by WebAssembly, whose memory
// grows meanwhile: V8 then asks at every access of a typed array whether its buffer is detached.)
import { cpSync, readdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { inProject } from "../shared/paths.mjs";
import { bundle, isPackage, withModules } from "./rooms.mjs";

const folder = process.argv[2];
const isPeer = (path) => /[/](peer|victim)\.ts$/.test(path);
const peers = readdirSync(inProject("bench"), { recursive: true })
  .filter(isPeer)
  .map((path) => `bench/${path.slice(0, -".ts".length)}`);

await withModules("scripts/pack/tsconfig.bench.json", [], (modules) =>
  bundle(peers, modules, folder, { external: isPackage }),
);
cpSync(inProject("native"), join(folder, "native"), { recursive: true });
