// Builds the C shim with `zig cc`: one library for each processor, loaded by glibc and musl processes alike.
//
// Compiled against musl's headers but linked with nothing, so that no C library is named in the result: the process
// that loads it has one. The same sources give the same bytes, wherever the checkout and the caches are.
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import process from "node:process";
import { program } from "./setup/programs.mjs";
import { capture } from "./shared/child.mjs";
import { misuse, readCommandLine } from "./shared/command_line.mjs";
import { inProject, root } from "./shared/paths.mjs";
import { duration, say } from "./shared/terminal.mjs";
import { fingerprintPath, libraryName, shimFiles, shimFingerprint, targets } from "./shim/fingerprint.mjs";
import { libraryProblems } from "./shim/verify.mjs";

export const help = `Builds the C shim into native/.

  npm run build                         both processors, and native/embedded.ts
  npm run build -- --out DIRECTORY      somewhere else, for comparing two builds
  npm run build -- --sanitize --out X   with traps on undefined behaviour, for tests (not reproducible, no size limit)
`;

const warnings = ["-Wall", "-Wextra", "-Werror", "-Wstrict-prototypes", "-Wmissing-declarations", "-Wdate-time"];
/** For size: what the shim does takes a system call, beside which a tighter loop is nothing. */
const generation = ["-std=c11", "-Os", "-fPIC", "-fvisibility=hidden", "-fno-stack-protector", "-g0"];
/** `nodelete`: Node unloads an addon when the last Worker that has loaded it ends, but the shim's threads go on. */
const linking = [
  "-nostdlib",
  "-shared",
  "-s",
  "-Wl,--hash-style=gnu",
  "-Wl,--build-id=none",
  "-Wl,--gc-sections",
  "-Wl,-z,noexecstack",
  "-Wl,-z,nodelete",
];

/** Runs `zig`, with its caches inside node_modules: nothing is left in the home directory. */
async function zig(parameters, cacheFolder) {
  const env = { ...process.env, ZIG_GLOBAL_CACHE_DIR: cacheFolder, ZIG_LOCAL_CACHE_DIR: cacheFolder };
  const { code, signal, output } = await capture(program("zig"), ["cc", ...parameters], { env });
  if (code !== 0)
    throw new Error(`zig cc ${parameters.join(" ")}\nended with ${signal ?? `exit code ${code}`}\n${output}`);
}

/** Runs the jobs, as many at once as there are processors. When one fails, its error is thrown once none runs any more. */
async function inParallel(jobs) {
  const waiting = [...jobs];
  const failures = [];
  const work = async () => {
    for (let job = waiting.shift(); job && failures.length === 0; job = waiting.shift())
      await job().catch((error) => failures.push(error));
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  if (failures.length > 0) throw failures[0];
}

function compile(target, name, work, sanitize) {
  const headers = createRequire(import.meta.url)("node-api-headers").include_dir;
  const checks = sanitize ? ["-fsanitize=undefined", "-fsanitize-trap=all"] : ["-fno-sanitize=all"];
  const paths = [`-ffile-prefix-map=${root}=`, "-isystem", headers];
  const output = ["-o", join(work, `${target.cpu}-${name}.o`)];
  const machine = ["-target", `${target.machine}-linux-musl`, ...target.options];
  return zig(
    [...machine, "-c", inProject(`shim/${name}`), ...generation, ...checks, ...warnings, ...paths, ...output],
    work,
  );
}

async function link(target, work) {
  const objects = shimFiles(".c").map((name) => join(work, `${target.cpu}-${name}.o`));
  const output = join(work, libraryName(target.cpu));
  await zig(["-target", `${target.machine}-linux-musl`, ...linking, ...objects, "-o", output], work);
  return readFileSync(output);
}

function verify(libraries) {
  for (const { cpu, machine } of targets) {
    const problems = libraryProblems(libraries[cpu], machine);
    if (problems.length > 0) throw new Error(`${libraryName(cpu)} is not fit to ship:\n- ${problems.join("\n- ")}`);
  }
}

function embeddedSource(libraries) {
  const rows = Object.entries(libraries).map(([cpu, bytes]) => `  ${cpu}:\n    "${bytes.toString("base64")}",\n`);
  const hash = createHash("sha256").update(rows.join("")).digest("hex").slice(0, 16);
  return `// The shim's libraries as base64, for programs without files beside them. Written by scripts/build.mjs.
export const hash = "${hash}";
export const embedded: Record<string, string> = {\n${rows.join("")}};\n`;
}

/** Writes beside the final name and renames: two builds at once, or one that is interrupted, leave whole files. */
function writeWhole(path, content) {
  const temporary = `${path}.${process.pid}.new`;
  writeFileSync(temporary, content, { mode: path.endsWith(".so") ? 0o755 : 0o644 });
  renameSync(temporary, path);
}

function writeOutputs(folder, libraries, fingerprint) {
  mkdirSync(folder, { recursive: true });
  for (const [cpu, bytes] of Object.entries(libraries)) writeWhole(join(folder, libraryName(cpu)), bytes);
  writeWhole(join(folder, "embedded.ts"), embeddedSource(libraries));
  if (fingerprint) writeWhole(fingerprintPath, fingerprint);
}

async function compileAndLink(work, sanitize) {
  const jobs = targets.flatMap((target) => shimFiles(".c").map((name) => () => compile(target, name, work, sanitize)));
  await inParallel(jobs);
  const libraries = {};
  for (const target of targets) libraries[target.cpu] = await link(target, work);
  return libraries;
}

function report(libraries, started) {
  for (const [cpu, bytes] of Object.entries(libraries)) {
    const hash = createHash("sha256").update(bytes).digest("hex");
    say(`  ${libraryName(cpu).padEnd(18)} ${String(bytes.length).padStart(6)} bytes  sha256 ${hash.slice(0, 16)}`);
  }
  say(`Built the shim in ${duration(Date.now() - started)}.`);
}

/** Builds both libraries. Throws with the compiler's words when something is wrong, and then changes nothing. */
export async function buildShim({ out = inProject("native"), sanitize = false } = {}) {
  if (shimFiles(".c").length === 0) throw new Error("there is no C file in shim/");
  const started = Date.now();
  const fingerprint = shimFingerprint(); // taken first: a file that changes meanwhile makes the result stale
  mkdirSync(inProject("node_modules/.cache"), { recursive: true });
  const work = mkdtempSync(inProject("node_modules/.cache/shim-"));
  try {
    const libraries = await compileAndLink(work, sanitize);
    if (!sanitize) verify(libraries);
    writeOutputs(out, libraries, out === inProject("native") && !sanitize ? fingerprint : undefined);
    report(libraries, started);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** `npm run build`. */
export async function main(parameters) {
  const options = { out: { type: "string" }, sanitize: { type: "boolean" }, help: { type: "boolean" } };
  const { values } = readCommandLine(help, { args: parameters, options });
  if (values.help) return say(help);
  if (values.sanitize && values.out === undefined) misuse("--sanitize needs --out: native/ holds only what ships");
  await buildShim({ out: values.out && resolve(values.out), sanitize: values.sanitize });
}
