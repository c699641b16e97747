// What a built library must and must not be, so that every runtime on glibc and on musl can load it.
import { readElf } from "../elf.mjs";

/** Small enough to embed in every bundle as base64. */
export const SIZE_LIMIT_BYTES = 64 * 1024;

/** Names with two underscores that both C libraries export; all others are helpers of one compiler or one libc. */
const commonInternals = new Set(["__errno_location", "__tls_get_addr", "__cxa_finalize"]);

const isNodeApi = (name) => /^(napi_|node_api_)/.test(name);
const isForeign = (name) => name.startsWith("__") && !commonInternals.has(name);
const isExpectedExport = (name) => name.startsWith("lipc_") || /^n(ode_)?api_(register_)?module_/.test(name);

/** Everything that is wrong with a library built for `machine`; empty when it is good. */
export function libraryProblems(bytes, machine) {
  const elf = readElf(bytes);
  const problems = [];
  const refuse = (names, text) => names.length > 0 && problems.push(`${text}: ${names.join(", ")}`);
  if (bytes.length > SIZE_LIMIT_BYTES) problems.push(`it has ${bytes.length} bytes, the limit is ${SIZE_LIMIT_BYTES}`);
  if (elf.machine !== machine || !elf.isSharedObject) problems.push(`it is for ${elf.machine}, not ${machine}`);
  if (elf.hasTextRelocations) problems.push("it has text relocations (compiled without -fPIC?)");
  if (!elf.staysLoaded) problems.push("it can be unloaded under its threads (linked without -z nodelete?)");
  if (elf.hasExecutableStack) problems.push("it asks for an executable stack");
  refuse(elf.needed, "it needs libraries by name (DT_NEEDED), so it would load on glibc or on musl only");
  refuse(elf.undefined.filter(isNodeApi), "not weak (add #pragma weak), so C programs could not load it");
  refuse([...elf.undefined, ...elf.weakUndefined].filter(isForeign), "found in no C library at run time");
  refuse(
    elf.exported.filter((name) => !isExpectedExport(name)),
    "exported by accident",
  );
  return problems;
}
