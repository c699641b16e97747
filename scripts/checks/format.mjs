// Check: formatting, order of imports and lint, by Biome.
import { program } from "../setup/programs.mjs";
import { capture } from "../shared/child.mjs";
import { inProject } from "../shared/paths.mjs";

export const title = "format and lint";

/** Lines that name a file; the rest is a summary that says no more than the exit code. */
const findings = (output) => output.split("\n").filter((line) => /^\S [\w./-]+: ?/.test(line));

export async function check() {
  const parameters = ["ci", "--colors=off", "--reporter=concise", "--max-diagnostics=200", "--error-on-warnings", "."];
  const { code, output } = await capture(program("biome"), parameters);
  if (code === 0) return { problems: [] };
  const found = findings(output.replaceAll(inProject(""), ""));
  return { problems: [...(found.length > 0 ? found : [output]), "repair what can be: npm run check -- --fix"] };
}

/** Rewrites what can be rewritten safely. */
export const repair = () => capture(program("biome"), ["check", "--write", "--colors=off", "--reporter=summary", "."]);
