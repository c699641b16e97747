// Makes JavaScript of the tests' peers, with the library as npm has it, and says in which folder they stand.
//
// So tests run both what stands in src/ and what users get. And a process that strips and loads two hundred files takes
// longer to start than most peers take for their work. The test files themselves, the examples, and what tests/runtime
// starts, are run as they are.
import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { bundle, isPackage, withModules } from "../pack/rooms.mjs";
import { inProject } from "../shared/paths.mjs";

/** Inside node_modules, where packages are found. */
const cache = inProject("node_modules/.cache/peers");
const DAY_MS = 86_400_000;

const isPeer = (path) => /(?<!\.test)\.ts$/.test(path) && !/^(explorer|runtime|support)\//.test(path);

const peers = () => readdirSync(inProject("tests"), { recursive: true }).filter(isPeer).sort();

/** What a file asks of its own place (its Worker, the native library) is beside its source. */
function atSource(modules) {
  return {
    name: "at its source",
    transform(code, path) {
      const source = inProject(relative(modules, path).replace(/\.js$/, ".ts"));
      const url = JSON.stringify(pathToFileURL(source).href);
      const text = code.replaceAll("import.meta.url", url);
      return { code: text.replaceAll("import.meta.dirname", JSON.stringify(dirname(source))), map: null };
    },
  };
}

async function build(folder) {
  const entries = peers().map((path) => `tests/${path.slice(0, -".ts".length)}`);
  await withModules("scripts/pack/tsconfig.tests.json", [], (modules) =>
    bundle(entries, modules, folder, { external: isPackage, plugins: [atSource(modules)] }),
  );
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }\n');
}

function hashOf(folder) {
  const hash = createHash("sha256");
  for (const path of readdirSync(folder, { recursive: true }).sort()) {
    if (statSync(join(folder, path)).isFile()) hash.update(path).update(readFileSync(join(folder, path)));
  }
  return hash.digest("hex").slice(0, 16);
}

/** Named by content: what another run uses is never changed, and compile caches stay good. */
async function make() {
  mkdirSync(cache, { recursive: true });
  const draft = mkdtempSync(join(cache, "draft-"));
  chmodSync(draft, 0o755); // some peers are started as another user
  await build(draft);
  const folder = join(cache, hashOf(draft));
  try {
    if (!existsSync(folder)) renameSync(draft, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error; // another run was faster
  }
  rmSync(draft, { recursive: true, force: true });
  return folder;
}

/** What nobody has used for a day; another run may do the same. */
function removeOld(kept) {
  utimesSync(kept, new Date(), new Date());
  for (const name of readdirSync(cache)) {
    const folder = join(cache, name);
    const usedMs = statSync(folder, { throwIfNoEntry: false })?.mtimeMs ?? Date.now();
    if (Date.now() - usedMs > DAY_MS) rmSync(folder, { recursive: true, force: true });
  }
}

const folder = await make();
removeOld(folder);
console.log(folder);
