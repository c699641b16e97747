// The machine's disk and its initramfs, which loads the drivers of the disk and of the network.
import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { inProject, root } from "../shared/paths.mjs";
import { cache, GUEST_PROJECT, rootFolder } from "./packages.mjs";

export const diskPath = `${cache}/disk`;
export const initramfsPath = `${cache}/initramfs`;
/** The kernel of the machine. */
export const kernelPath = () =>
  `${rootFolder}/boot/${readdirSync(`${rootFolder}/boot`).find((name) => /^vmlinuz/.test(name))}`;

/** In the order in which they need each other. */
const drivers = [
  "drivers/virtio/virtio_ring",
  "drivers/virtio/virtio",
  "drivers/virtio/virtio_pci_legacy_dev",
  "drivers/virtio/virtio_pci_modern_dev",
  "drivers/virtio/virtio_pci",
  "drivers/block/virtio_blk",
  "net/core/failover",
  "drivers/net/net_failover",
  "drivers/net/virtio_net",
];
const DISK_SIZE = "4G";
const guestFile = (name) => inProject(`scripts/arm64/guest/${name}`);

export function makeInitramfs() {
  const folder = `${cache}/initramfs.d`;
  rmSync(folder, { recursive: true, force: true });
  for (const name of ["bin", "drivers", "proc", "sys", "dev", "disk"])
    mkdirSync(`${folder}/${name}`, { recursive: true });
  copyFileSync(`${rootFolder}/bin/busybox`, `${folder}/bin/busybox`);
  copyFileSync(guestFile("initramfs.sh"), `${folder}/init`);
  const modules = `${rootFolder}/lib/modules`;
  const kernel = `${modules}/${readdirSync(modules)[0]}/kernel`;
  for (const [index, name] of drivers.entries())
    copyFileSync(`${kernel}/${name}.ko`, `${folder}/drivers/${String(index).padStart(2, "0")}.ko`);
  for (const name of ["init", "bin/busybox"]) chmodSync(`${folder}/${name}`, 0o755);
  const list = execFileSync("find", ["."], { cwd: folder });
  const options = { cwd: folder, input: list, stdio: "pipe", maxBuffer: 1 << 26 };
  writeFileSync(initramfsPath, execFileSync("cpio", ["-o", "-H", "newc"], options));
}

/** Names that programs of Debian's own have not; and the C compiler, which is this machine's. */
function addPrograms() {
  const have = (name) =>
    ["bin", "usr/bin", "sbin", "usr/sbin"].some((folder) => existsSync(`${rootFolder}/${folder}/${name}`));
  const local = `${rootFolder}/usr/local/bin`;
  mkdirSync(local, { recursive: true });
  for (const name of ["awk", "grep", "ps", "sed", "sleep", "tar", "ifconfig", "hostname", "poweroff"])
    if (!have(name))
      writeFileSync(`${local}/${name}`, `#!/bin/busybox sh\nexec /bin/busybox ${name} "$@"\n`, { mode: 0o755 });
  if (!have("sh")) copyFileSync(`${rootFolder}/bin/bash`, `${rootFolder}/bin/sh`);
  const compiler = `${rootFolder}${GUEST_PROJECT}/node_modules/@zigc/linux-arm64/bin/zig`;
  mkdirSync(dirname(compiler), { recursive: true });
  copyFileSync(guestFile("zig.cjs"), compiler);
  chmodSync(compiler, 0o755);
}

function addUsers() {
  const users = ["root:x:0:0:root:/root:/bin/bash", "nobody:x:65534:65534::/:/bin/false"];
  writeFileSync(`${rootFolder}/etc/passwd`, `${users.join("\n")}\n`);
  writeFileSync(`${rootFolder}/etc/group`, "root:x:0:\n");
  writeFileSync(`${rootFolder}/etc/hosts`, "127.0.0.1 localhost\n");
}

/** The files of this checkout, and what is built of them. */
function addProject() {
  const tracked = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
    cwd: root,
    encoding: "utf8",
  });
  for (const name of tracked.split("\n").filter((name) => name !== "" && existsSync(inProject(name))))
    cpSync(inProject(name), `${rootFolder}${GUEST_PROJECT}/${name}`);
  cpSync(inProject("native"), `${rootFolder}${GUEST_PROJECT}/native`, { recursive: true });
}

/** A disk with the project as it is now. The machine does this one job, and ends. */
export function makeDisk({ filters, runtime, timeoutS, compilerPort }) {
  addPrograms();
  addUsers();
  addProject();
  for (const name of ["proc", "sys", "dev", "tmp", "run", "root", "var/tmp"])
    mkdirSync(`${rootFolder}/${name}`, { recursive: true });
  copyFileSync(guestFile("init.sh"), `${rootFolder}/init`);
  chmodSync(`${rootFolder}/init`, 0o755);
  const job = { LIPC_COMPILER_PORT: compilerPort, PROJECT: GUEST_PROJECT };
  const parameters = [...filters, "--runtime", runtime, "--timeout", timeoutS, "--no-checks"];
  const lines = Object.entries(job).map(([name, value]) => `export ${name}=${value}`);
  writeFileSync(`${rootFolder}/job`, [...lines, `PARAMETERS="${parameters.join(" ")}"`, ""].join("\n"));
  rmSync(diskPath, { force: true });
  execFileSync("mke2fs", ["-q", "-t", "ext4", "-d", rootFolder, diskPath, DISK_SIZE], { stdio: "pipe" });
}
