// Under Bun: makes one file of JavaScript of each peer and all that it imports, and says in which folder they stand.
//
// A process that strips and loads two hundred files takes longer to start than most peers take for their work. The test
// files themselves, the examples, and what tests/runtime starts, are run as they are.
import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { Glob } from "bun";
import { inProject, root } from "../shared/paths.mjs";

/** Inside node_modules, where packages are found. */
const cache = inProject("node_modules/.cache/peers");
const DAY_MS = 86_400_000;

const isPeer = (file) => !/\.test\.ts$|^tests\/(explorer|runtime|support)\//.test(file);

/** What a file asks of its own place (its Worker, the native library) is beside its source. */
const atSource = {
  name: "at its source",
  setup(build) {
    build.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      const text = await Bun.file(path).text();
      const url = JSON.stringify(Bun.pathToFileURL(path).href);
      const contents = text
        .replaceAll("import.meta.url", url)
        .replaceAll("import.meta.dirname", JSON.stringify(dirname(path)));
      return { contents, loader: "ts" };
    });
  },
};

async function build() {
  const files = [...new Glob("tests/**/*.ts").scanSync(root)].filter(isPeer).sort();
  const options = { root, target: "node", naming: "[dir]/[name].mjs", plugins: [atSource] };
  const { outputs } = await Bun.build({ ...options, entrypoints: files.map(inProject) });
  return Promise.all(outputs.map(async (output) => ({ path: output.path, text: await output.text() })));
}

/** Named by content: what another run uses is never changed, and compile caches stay good. */
function write(bundles) {
  const hash = createHash("sha256");
  for (const { path, text } of bundles) hash.update(path).update(text);
  const folder = join(cache, hash.digest("hex").slice(0, 16));
  if (existsSync(folder)) return folder;
  mkdirSync(cache, { recursive: true });
  const draft = mkdtempSync(join(cache, "draft-"));
  chmodSync(draft, 0o755); // some peers are started as another user
  for (const { path, text } of bundles) {
    mkdirSync(dirname(join(draft, path)), { recursive: true });
    writeFileSync(join(draft, path), text);
  }
  try {
    renameSync(draft, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error;
    rmSync(draft, { recursive: true }); // another run was faster
  }
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

const folder = write(await build());
removeOld(folder);
console.log(folder);
