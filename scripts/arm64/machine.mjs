// The machine itself: QEMU without any hardware acceleration. It boots, does its job, and turns itself off.
import { spawn } from "node:child_process";
import process from "node:process";
import { capture } from "../shared/child.mjs";
import { diskPath, initramfsPath, kernelPath } from "./image.mjs";

const qemu = "qemu-system-aarch64";
/** A processor with LSE. QEMU's own "max" has SVE as well, where Bun 1.4 crashes now and then. */
const PROCESSOR = "neoverse-n1";
const CORES = 2;

/** Programs that have to be there. */
export async function missingPrograms() {
  const needed = [qemu, "mke2fs", "cpio", "dpkg-deb", "apt-get"];
  const found = await Promise.all(needed.map((name) => capture(name, ["--version"])));
  return needed.filter((_, index) => found[index].code === 127);
}

const parameters = () => [
  ...["-machine", "virt", "-cpu", PROCESSOR, "-smp", `${CORES}`, "-m", "4G", "-accel", "tcg,thread=multi"],
  ...["-kernel", kernelPath(), "-initrd", initramfsPath, "-append", "console=ttyAMA0 quiet panic=1"],
  ...["-drive", `file=${diskPath},if=none,id=disk,format=raw,cache=unsafe`, "-device", "virtio-blk-pci,drive=disk"],
  ...["-netdev", "user,id=net", "-device", "virtio-net-pci,netdev=net,romfile="],
  ...["-nographic", "-monitor", "none", "-no-reboot"],
];

/** Resolves to { output, machine }: all that it wrote, and what it is. What it writes is shown as it comes. */
export function runMachine() {
  return new Promise((resolve, reject) => {
    const child = spawn(qemu, parameters(), { stdio: ["ignore", "pipe", "inherit"] });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (chunk) => {
      const text = chunk.replaceAll("\r", "");
      output += text;
      process.stdout.write(text);
    });
    child.on("error", reject);
    child.on("close", async () => {
      const version = /version (\S+)/.exec((await capture(qemu, ["--version"])).stdout)?.[1];
      const kernel = /^Linux (\S+)$/m.exec(output)?.[1];
      resolve({ output, machine: `QEMU ${version}, ${PROCESSOR}, ${CORES} cores, Linux ${kernel}` });
    });
  });
}
