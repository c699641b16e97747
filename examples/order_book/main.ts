// The persistent order book: its writer is killed in the middle of its work, and the book is there, whole, each time.
// bun main.ts, deno run -A main.ts or node main.ts
import { spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { openBook } from "./book.ts";

const path = `${tmpdir()}/linux-ipc-order-book-${process.pid}`;
const runtime = "Deno" in globalThis ? [process.execPath, "run", "-A"] : [process.execPath];
const script = fileURLToPath(new URL("writer.ts", import.meta.url));
const [program, ...parameters] = [...runtime, script, path, String(process.pid)];

process.on("exit", () => rmSync(path, { force: true }));
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => process.exit(128 + constants.signals[signal])); // as shells say it
}
const { file, book } = openBook(path);
const reader = book.reader();
for (let life = 1; life <= 3; life++) {
  const writer = spawn(program as string, parameters, { stdio: ["ignore", "pipe", "inherit"] });
  const [words] = await once(writer.stdout, "data");
  console.log(`Writer ${life} found ${String(words).trim()}.`);
  await new Promise((resolve) => setTimeout(resolve, 200));
  writer.kill("SIGKILL");
  await once(writer, "exit");

  const last = reader.tryRead();
  if (last === undefined) throw new Error("the book is lost");
  const quantities = [...last.bids, ...last.asks].map(({ quantity }) => quantity);
  if (quantities.some((quantity) => quantity !== last.updates)) throw new Error("the book is torn");
  console.log(`Killed after ${last.updates} updates: the book is whole.`);
}
book.close();
file.close();
