#!/usr/bin/env node
// Stands in for zig in the emulated machine: hands the command, and the files it names, to scripts/arm64/compiler.mjs.
const { chmodSync, readFileSync, statSync, writeFileSync } = require("node:fs");
const { connect } = require("node:net");

const parameters = process.argv.slice(2);
const files = {};
for (const path of parameters) {
  const isOurs = path.startsWith("/") && !path.startsWith(`${process.env.PROJECT}/`);
  if (isOurs && statSync(path, { throwIfNoEntry: false })?.isFile()) files[path] = readFileSync(path, "utf8");
}
const chunks = [];
const socket = connect(Number(process.env.LIPC_COMPILER_PORT), "10.0.2.2", () =>
  socket.end(JSON.stringify({ parameters, files })),
);
socket.on("data", (chunk) => chunks.push(chunk));
socket.on("end", () => {
  const { code, stderr, output } = JSON.parse(Buffer.concat(chunks).toString());
  process.stderr.write(stderr);
  const path = parameters[parameters.indexOf("-o") + 1];
  if (code === 0) writeFileSync(path, Buffer.from(output, "base64"));
  if (code === 0) chmodSync(path, 0o755);
  process.exit(code);
});
