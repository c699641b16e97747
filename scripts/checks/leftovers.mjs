// Check: no notes to oneself and no test that hides the others.
import { projectFiles, readSource } from "../shared/sources.mjs";

export const title = "left-overs";

// Written in pieces, so that this file does not find itself.
const patterns = [
  new RegExp(`\\b(${["TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK"].join("|")})\\b`),
  new RegExp(`\\b(test|it|describe)\\${"."}only\\b|\\${"."}only\\(`),
  new RegExp(`\\b${"debug" + "ger"};`),
];

const isText = (path) => /\.(ts|mjs|js|c|h|cc|cpp|hpp|json|md|sh|yml)$/.test(path) && path !== "package-lock.json";

function problemsIn(path) {
  return readSource(path)
    .split("\n")
    .flatMap((line, index) => {
      const found = patterns.map((pattern) => line.match(pattern)?.[0]).find(Boolean);
      return found ? [`${path}:${index + 1} says ${found}`] : [];
    });
}

export function check() {
  return { problems: projectFiles().filter(isText).flatMap(problemsIn) };
}
