// node bench/struct.ts: fields of structs against typed arrays indexed by hand, in each runtime.
import { execFileSync } from "node:child_process";
import { subjectOptions } from "./command_line.ts";
import { type SubjectBar, saveSubject } from "./report/subject.ts";
import { describeMachine, machineLine } from "./runner/machine.ts";
import { buildPeers, peerPath } from "./runner/peers.ts";
import { RUNTIMES, type Runtime, runtimeCommand } from "./runner/runtimes.ts";
import type { Finding } from "./struct/peer.ts";
import { LIMIT } from "./struct/row.ts";

function measureIn(runtime: Runtime, rounds: number): Finding[] {
  const [program, ...parameters] = runtimeCommand(runtime) as [string, ...string[]];
  const all = [...parameters, peerPath("struct/peer"), `${rounds}`];
  const output = execFileSync(program, all, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
  const lines = output.trimEnd().split("\n");
  console.log([runtime, ...lines.slice(0, -1)].join("\n"));
  return JSON.parse(lines.at(-1) as string);
}

/** The bar is for all of them: the slowest, against the same by hand, stands for the others. */
function barOf(runtime: Runtime, findings: readonly Finding[]): SubjectBar {
  const worst = findings.reduce((worst, finding) => (finding.ratio > worst.ratio ? finding : worst));
  const text = `struct, the worst of ${findings.length} kinds of access: at most ${LIMIT} x by hand`;
  return { text, runtime, nanoseconds: worst.byStruct, ratio: worst.ratio, met: worst.ratio <= LIMIT };
}

function measureEverywhere(runtimes: readonly Runtime[], { quick, rounds }: { quick: boolean; rounds: number }): void {
  const machine = machineLine(describeMachine(runtimes, "typed arrays by hand"));
  console.log(machine);
  const findings = Object.fromEntries(runtimes.map((runtime) => [runtime, measureIn(runtime, rounds)]));
  const bars = runtimes.map((runtime) => barOf(runtime, findings[runtime] as Finding[]));
  if (!quick) saveSubject("struct", { machine, rounds, bars, findings });
}

const options = subjectOptions("struct.ts", "Fields of structs, against typed arrays indexed by hand.");
buildPeers();
measureEverywhere(RUNTIMES, options);
