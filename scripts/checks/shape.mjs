// Check: every source file begins with a caption, and files and functions stay small.
import { readSource, sourcesIn } from "../shared/sources.mjs";

export const title = "captions and sizes";

const FILE_LIMIT_LINES = 300;
const FILE_WARNING_LINES = 200;
const FUNCTION_LIMIT_LINES = 60;

const isScript = (path) => /\.(ts|mjs|js)$/.test(path);
const isC = (path) => /\.(c|h|cc|cpp|hpp)$/.test(path);
const sources = () => sourcesIn("", ".ts", ".mjs", ".js", ".c", ".h", ".cc", ".cpp", ".hpp");

/** "// text", or the first line of a block comment with text. A shebang may stand before it. */
function hasCaption(lines) {
  const [first, second] = lines[0].startsWith("#!") ? lines.slice(1) : lines;
  if (/^\/\*\*?$/.test(first)) return /^ \* \S.{8,}/.test(second ?? "");
  return /^(\/\/|\/\*\*?) \S.{8,}/.test(first ?? "");
}

const notFunctions =
  /^\s*(}?\s*else\b|if|for|while|switch|do|try|catch|finally|class|interface|type|enum|struct|union)\b/;
const startsFunction = {
  script: /(\bfunction\b.*|^\s*(?:(?:static|async|get|set|private|override) )*[*#]?\[?[\w.#]+\]?\(.*\).*|=>) \{$/,
  c: /^[A-Za-z_].*\) ?\{$/,
};

/** Functions as { name, line, lines }. Trusts the formatter: a block ends at the first brace of equal indentation. */
function functionsIn(lines, pattern) {
  const found = [];
  lines.forEach((line, index) => {
    if (!pattern.test(line) || notFunctions.test(line)) return;
    const indentation = line.match(/^\s*/)[0];
    const length = lines.slice(index + 1).findIndex((other) => other.startsWith(`${indentation}}`)) + 2;
    found.push({ name: line.trim().slice(0, 60), line: index + 1, lines: length });
  });
  return found;
}

function longFunctions(path, lines) {
  const pattern = isC(path) ? startsFunction.c : startsFunction.script;
  return functionsIn(lines, pattern)
    .filter((found) => found.lines > FUNCTION_LIMIT_LINES)
    .map((found) => `${path}:${found.line} has ${found.lines} lines, more than ${FUNCTION_LIMIT_LINES}: ${found.name}`);
}

export function check() {
  const problems = [];
  const warnings = [];
  for (const path of sources()) {
    const lines = readSource(path).trimEnd().split("\n");
    const size = `${path} has ${lines.length} lines`;
    if (!hasCaption(lines)) problems.push(`${path} does not begin with a one-line caption`);
    if (path.startsWith("src/") && lines.length > FILE_LIMIT_LINES)
      problems.push(`${size}, more than ${FILE_LIMIT_LINES}`);
    else if (lines.length > FILE_WARNING_LINES && !path.startsWith("tests/")) warnings.push(size);
    // A test's describe() holds many tests; its length says nothing.
    if (!path.startsWith("tests/") && (isScript(path) || isC(path))) problems.push(...longFunctions(path, lines));
  }
  return { problems, warnings };
}
