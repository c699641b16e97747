// The C compiler of the emulated machine: zig cc here, for there. It would take minutes there, where it has a package.
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { program } from "../setup/programs.mjs";
import { root } from "../shared/paths.mjs";
import { cache, GUEST_PROJECT } from "./packages.mjs";

const TARGET = ["-target", "aarch64-linux-gnu"];

/** What names files of the project there, as it names them here. */
const translate = (text) => text.replaceAll(`${GUEST_PROJECT}/`, root);

/** A request is { parameters, files: { path: text } }, an answer { code, stderr, output: base64 }. */
function compile({ parameters, files }) {
  const work = mkdtempSync(join(tmpdir(), "linux-ipc-arm64-"));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(work + path), { recursive: true });
    writeFileSync(work + path, translate(text));
  }
  const output = join(work, "output");
  const here = parameters.map((text, index) => {
    if (parameters[index - 1] === "-o") return output;
    return text in files ? work + text : translate(text);
  });
  const env = { ...process.env, ZIG_GLOBAL_CACHE_DIR: `${cache}/zig`, ZIG_LOCAL_CACHE_DIR: `${cache}/zig` };
  return new Promise((resolve) => {
    execFile(program("zig"), [here[0], ...TARGET, ...here.slice(1)], { env }, (error, _, stderr) => {
      const made = error === null ? readFileSync(output).toString("base64") : "";
      rmSync(work, { recursive: true });
      resolve({ code: error === null ? 0 : 1, stderr, output: made });
    });
  });
}

/** Serves the emulated machine, which sees this one at 10.0.2.2. */
export async function startCompiler() {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const chunks = [];
    socket.on("error", () => {});
    socket.on("data", (chunk) => chunks.push(chunk));
    socket.on("end", async () =>
      socket.end(JSON.stringify(await compile(JSON.parse(Buffer.concat(chunks).toString())))),
    );
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { port: server.address().port, close: () => server.close() };
}
