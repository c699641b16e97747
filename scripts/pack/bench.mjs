// Makes what bench/ measures: its peers, with the library as npm has it, in dist/bench.
//
// Who installs the library gets JavaScript, and so does whoever is measured. (Node strips types by WebAssembly, whose memory
// grows meanwhile: V8 then asks at every access of a typed array whether its buffer is detached.)
import { cpSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { inProject } from "../shared/paths.mjs";
import { bundle, withModules } from "./rooms.mjs";

const folder = inProject("dist/bench");
const isPeer = (path) => /[/](peer|victim)\.ts$/.test(path);
const peers = readdirSync(inProject("bench"), { recursive: true })
  .filter(isPeer)
  .map((path) => `bench/${path.slice(0, -".ts".length)}`);

rmSync(folder, { recursive: true, force: true });
await withModules("scripts/pack/tsconfig.bench.json", [], (modules) => bundle(peers, modules, folder));
cpSync(inProject("native"), join(folder, "native"), { recursive: true });
