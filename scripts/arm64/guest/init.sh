#!/bin/busybox sh
# The second program of the emulated machine: makes it what Linux programs expect, runs the tests, turns it off.
. /job
B=/bin/busybox
export PATH="$PROJECT/node_modules/.bin:/usr/bin:/bin:/usr/sbin:/sbin:/usr/local/bin" HOME=/root TERM=dumb NO_COLOR=1
export LINUX_IPC_TEST_PATIENCE=10
$B mount -t proc proc /proc
$B mount -t sysfs sys /sys
$B mount -t devtmpfs dev /dev
$B mkdir -p /dev/shm /dev/pts
$B mount -t tmpfs -o mode=1777 shm /dev/shm
$B mount -t devpts pts /dev/pts
$B mount -t cgroup2 cgroup /sys/fs/cgroup
for link in fd: stdin:/0 stdout:/1 stderr:/2; do $B ln -sf "/proc/self/fd${link#*:}" "/dev/${link%%:*}"; done
$B ifconfig lo 127.0.0.1 up
$B ifconfig eth0 10.0.2.15 netmask 255.255.255.0 up
$B hostname arm64
echo "Linux $($B uname -r)"
cd "$PROJECT"
# shellcheck disable=SC2086
node_modules/node/bin/node --input-type=module -e '
  const { main } = await import(`${process.cwd()}/scripts/test.mjs`);
  process.exitCode = await main(process.argv.slice(1));
' -- $PARAMETERS 2>&1 | $B cat
$B poweroff -f
