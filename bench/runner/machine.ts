// The machine line: without it a figure says nothing.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { availableParallelism, release } from "node:os";
import { type Runtime, runtimeCommand } from "./runtimes.ts";

export interface Machine {
  date: string;
  processor: string;
  cores: number;
  kernel: string;
  virtual: boolean;
  runtimes: Partial<Record<Runtime, string>>;
  compiler: string;
}

function cpuInfo(field: string): string {
  const line = readFileSync("/proc/cpuinfo", "utf8").match(new RegExp(`^${field}\\s*:\\s*(.*)$`, "m"));
  return line?.[1]?.trim() ?? "unknown";
}

/** Virtual machines may say "AMD EPYC" and no more, of processors that are years apart. */
function processorName(): string {
  const name = cpuInfo("model name");
  return /\d/.test(name) ? name : `${name}, family ${cpuInfo("cpu family")} model ${cpuInfo("model")}`;
}

function versionOf(runtime: Runtime): string {
  const [program] = runtimeCommand(runtime);
  const text = execFileSync(program as string, ["--version"], { encoding: "utf8" });
  return text.match(/\d+\.\d+\.\d+/)?.[0] ?? text.trim();
}

export function describeMachine(runtimes: readonly Runtime[], compiler: string): Machine {
  return {
    date: new Date().toISOString().slice(0, 10),
    processor: processorName(),
    cores: availableParallelism(),
    kernel: release(),
    virtual: / hypervisor( |$)/.test(cpuInfo("flags")),
    runtimes: Object.fromEntries(runtimes.map((runtime) => [runtime, versionOf(runtime)])),
    compiler,
  };
}

export function machineLine(machine: Machine): string {
  const versions = Object.entries(machine.runtimes).map(([runtime, version]) => `${runtime} ${version}`);
  const kind = machine.virtual ? "virtual machine" : "bare metal";
  return [
    machine.processor,
    `${machine.cores} cores, ${kind}`,
    `Linux ${machine.kernel}`,
    ...versions,
    machine.compiler,
  ]
    .concat(machine.date)
    .join(" · ");
}

/** "Intel(R) Xeon(R) CPU @ 2.50GHz" -> "intel-xeon-cpu-2-50ghz", for file names. */
export function processorSlug(machine: Machine): string {
  const plain = machine.processor.toLowerCase().replace(/\((r|tm)\)/g, "");
  return plain.replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "");
}
