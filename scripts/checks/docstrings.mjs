// Check: everything that the package exports is documented, as `deno doc` and JSR see it.
import process from "node:process";
import { program } from "../setup/programs.mjs";
import { capture } from "../shared/child.mjs";
import { inProject } from "../shared/paths.mjs";
import { readJson } from "../shared/sources.mjs";

export const title = "docstrings of the public API";

const place = ({ filename, line }) => `${filename.replace(`file://${inProject("")}`, "")}:${line + 1}`;
const hasDoc = (node) => typeof node.jsDoc?.doc === "string" && node.jsDoc.doc.trim() !== "";

/** Public members of a class or interface; those with computed names such as [Symbol.dispose] explain themselves. */
function members(declaration) {
  const { methods = [], properties = [] } = declaration.def ?? {};
  const isPublic = ({ accessibility = "public", name }) => accessibility === "public" && !name.startsWith("[");
  return [...methods, ...properties].filter(isPublic);
}

async function documentation(entries) {
  const env = { ...process.env, NO_COLOR: "1" };
  const { code, stdout, stderr } = await capture(program("deno"), ["doc", "--json", ...entries], { env });
  // Its warnings are about the types of Node, which it cannot resolve and does not need.
  if (code !== 0) throw new Error(stderr.split("\n").find((line) => line.startsWith("error")) ?? `deno doc: ${code}`);
  return Object.values(JSON.parse(stdout).nodes).flatMap((module) => module.symbols);
}

/** What a class takes over from one that is not exported stands in no documentation. */
function hasHiddenBase({ kind, def }, exported) {
  const base = kind === "class" ? def.extends : undefined;
  return base !== undefined && !exported.has(base) && !(base in globalThis);
}

export async function check() {
  const symbols = await documentation(Object.values(readJson("deno.json").exports));
  const exported = new Set(symbols.map(({ name }) => name));
  const problems = new Set();
  for (const { name, declarations } of symbols) {
    // What another entry point declares is documented there. Of a function's overloads, one docstring is enough.
    if (declarations.every(({ kind }) => kind === "reference")) continue;
    if (!declarations.some(hasDoc)) problems.add(`${place(declarations[0].location)} ${name} has no docstring`);
    for (const { location, def } of declarations.filter((declaration) => hasHiddenBase(declaration, exported))) {
      problems.add(
        `${place(location)} ${name} extends ${def.extends}, whose members are in no documentation: export its type`,
      );
    }
    for (const member of declarations.flatMap(members).filter((member) => !hasDoc(member))) {
      problems.add(`${place(member.location)} ${name}.${member.name} has no docstring`);
    }
  }
  if (symbols.length === 0) problems.add("nothing is exported");
  return { problems: [...problems] };
}
