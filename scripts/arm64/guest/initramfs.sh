#!/bin/busybox sh
# The first program of the emulated machine: loads drivers, and goes over to the disk.
B=/bin/busybox
$B mount -t proc proc /proc
$B mount -t sysfs sys /sys
$B mount -t devtmpfs dev /dev
for driver in /drivers/*; do $B insmod "$driver"; done
while [ ! -b /dev/vda ]; do $B sleep 0.1; done
$B mount -t ext4 /dev/vda /disk
$B umount /proc /sys /dev
exec $B switch_root /disk /init
