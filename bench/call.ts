// What a call through each FFI costs, and the ring's operations within one process: node bench/call.ts
// One process per backend; in each, mitata takes the figures. Mechanisms between two processes are in bench/run.ts.
import { execFileSync } from "node:child_process";
import { parseArgs } from "node:util";
import type { Row } from "./call/peer.ts";
import { orExplain } from "./command_line.ts";
import { duration } from "./report/format.ts";
import { buildPeers, peerPath } from "./runner/peers.ts";
import { type Runtime, runtimeCommand } from "./runner/runtimes.ts";

const BACKENDS: readonly { name: string; runtime: Runtime; variables: Record<string, string> }[] = [
  { name: "bun:ffi", runtime: "bun", variables: {} },
  { name: "Deno.dlopen", runtime: "deno", variables: {} },
  { name: "Node-API", runtime: "node", variables: { LINUX_IPC_BACKEND: "node-api" } },
  { name: "node:ffi", runtime: "node", variables: { LINUX_IPC_BACKEND: "node-ffi" } },
  { name: "koffi", runtime: "node", variables: { LINUX_IPC_BACKEND: "koffi" } },
];

function measureBackend({ runtime, variables }: (typeof BACKENDS)[number]): Row[] {
  const [program, ...parameters] = runtimeCommand(runtime);
  const output = execFileSync(program as string, [...parameters, peerPath("call/peer")], {
    encoding: "utf8",
    env: { ...process.env, ...variables },
  });
  return JSON.parse(output.trim().split("\n").at(-1) as string) as Row[];
}

function printTable(): void {
  const columns = BACKENDS.map((backend) => {
    console.error(`measuring ${backend.name}...`);
    return measureBackend(backend);
  });
  const width = Math.max(...(columns[0] ?? []).map(([name]) => name.length));
  console.log("".padEnd(width), ...BACKENDS.map(({ name }) => name.padStart(12)));
  for (const [index, [name]] of (columns[0] ?? []).entries()) {
    console.log(name.padEnd(width), ...columns.map((rows) => duration(rows[index]?.[1] ?? Number.NaN).padStart(12)));
  }
}

const HELP = `What a call into the shim costs through each FFI, and the ring's operations within one process.

  node bench/call.ts [--help]`;

orExplain(HELP, (args) => parseArgs({ args }));
buildPeers();
printTable();
