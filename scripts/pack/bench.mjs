// Makes what bench/ measures: its peers, with the library as npm has it, in dist/bench; says in which folder they stand.
//
// Who installs the library gets JavaScript, and so does whoever is measured. (Node strips types by WebAssembly, whose memory
// grows meanwhile: V8 then asks at every access of a typed array whether its buffer is detached.)
import { cpSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { isAbsolute, join } from "node:path";
import { inProject } from "../shared/paths.mjs";
import { bundle, compile } from "./rooms.mjs";

const folder = inProject("dist/bench");
const isPeer = (path) => /[/](peer|victim)\.ts$/.test(path);
const peers = readdirSync(inProject("bench"), { recursive: true })
  .filter(isPeer)
  .map((path) => `bench/${path.slice(0, -".ts".length)}`);
const isPackage = (module) => !module.startsWith(".") && !isAbsolute(module);

const modules = mkdtempSync(join(tmpdir(), "linux-ipc-bench-"));
try {
  await compile("bench/tsconfig.json", ["--outDir", modules]);
  rmSync(folder, { recursive: true, force: true });
  await bundle(peers, modules, folder, isPackage);
} finally {
  rmSync(modules, { recursive: true });
}
cpSync(inProject("native"), join(folder, "native"), { recursive: true });
console.log(folder);
