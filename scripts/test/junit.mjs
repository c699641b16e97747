// Reads the JUnit reports of Bun and Deno.
//
// Both leave out why a test was skipped, so that is looked up in the source. Deno reports a test that calls t.skip()
// inside its body as passed; tests that want to be counted as skipped say so in their options.
import { leaves } from "./leaves.mjs";

const tag = /<(\/?)(testsuite|testcase|skipped|failure|error)\b([^>]*?)(\/?)>/g;
const entities = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

const decode = (text) =>
  text.replace(/&(?:#(\d+)|#x([0-9a-f]+)|(\w+));/gi, (all, decimal, hexadecimal, name) => {
    if (name !== undefined) return entities[name] ?? all;
    return String.fromCodePoint(decimal === undefined ? Number.parseInt(hexadecimal, 16) : Number(decimal));
  });

function attributes(text) {
  const found = {};
  for (const [, name, value] of text.matchAll(/([\w-]+)="([^"]*)"/g)) found[name] = decode(value);
  return found;
}

/** Bun nests suites; Deno writes "outer > inner" as the name, all in suites that are files. */
function fullName(suites, name) {
  return [...suites.slice(1), name].join(" > ");
}

/** The longest text in an expression; for a name, that in its definition; else the expression itself. */
function textIn(expression, source) {
  const texts = (code = "") => [...code.matchAll(/(["'`])(.*?)\1/g)].map(([, , text]) => text);
  const literal = (code) => texts(code).sort((one, other) => other.length - one.length)[0];
  const isName = /^\w+$/.test(expression);
  const definition = isName ? source.match(new RegExp(`\\bconst ${expression}\\b[^;]*;`))?.[0] : undefined;
  return literal(expression) ?? literal(definition) ?? expression;
}

/** The words behind the `skip` nearest to the test's name; a name that is put together stands nowhere. */
function skipReason(source, name) {
  const shortName = name.split(" > ").at(-1);
  const quoted = source.indexOf(`"${shortName}"`); // and not where the same words stand in another text
  const at = quoted < 0 ? source.indexOf(shortName) : quoted;
  const statement = at < 0 ? source : source.slice(at + shortName.length, at + shortName.length + 300).split("=>")[0];
  const [all, value] = statement.match(/\bskip\b(?::\s*([^\n}]+))?/) ?? [];
  const expression = value?.trim() ?? all;
  return expression === undefined || expression === "true" ? "no reason given" : textIn(expression, source);
}

/** Tests of a report, as { name, status, reason?, message? }. */
export function readJunit(report, source) {
  const suites = [];
  const tests = [];
  for (const [, closing, kind, text, empty] of report.matchAll(tag)) {
    const values = attributes(text);
    if (kind === "testsuite") {
      if (closing) suites.pop();
      else if (!empty) suites.push(values.name);
    } else if (kind === "testcase") {
      if (!closing) tests.push({ name: fullName(suites, values.name), status: "passed" });
    } else if (!closing) {
      Object.assign(tests.at(-1), verdict(kind, values, source, tests.at(-1).name));
    }
  }
  return leaves(tests);
}

function verdict(kind, values, source, name) {
  if (kind !== "skipped") return { status: "failed", message: values.message ?? "" };
  return { status: "skipped", reason: values.message?.toLowerCase() === "todo" ? "todo" : skipReason(source, name) };
}
