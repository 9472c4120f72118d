#!/bin/bash
# boot.sh FOLDER RUN DISK CARD KERNEL-WORDS [QEMU-OPTION...]: boots a machine of build.sh without hardware help and stays;
# it is switched off, as if its plug were pulled, when this script's standard input ends.
#
# RUN is a folder for its sockets `hands` and `monitor` (QMP) and for console.log. DISK is a disk image that it may write,
# or `-` for the system's own, on which nothing is kept. CARD is `TAP,MAC`, or `-` for none.
# shellcheck disable=SC2054 # The commas are QEMU's.
set -euo pipefail
folder=$1 run=$2 disk=$3 card=$4 words=$5
shift 5
project=$(cd "$(dirname "$0")/../.." && pwd)
toolchain=$(dirname "$(dirname "$(command -v swift || echo /none/bin/swift)")")

options=(-accel tcg,thread=multi -cpu Haswell -smp "${PROCESSORS:-2}" -m "${MEMORY:-1G}" -display none -nodefaults)
options+=(-kernel "$folder/vmlinuz" -initrd "$folder/initrd")
# No mitigations: they cost emulation a third of its time and protect nobody here.
options+=(-append "root=LABEL=root ro console=ttyS0 panic=-1 quiet mitigations=off systemd.show_status=0 $words")
if [ "$disk" = - ]; then
    options+=(-drive "file=$folder/disk.img,format=raw,if=virtio,snapshot=on")
else
    # Written through: what the guest was told is on the disk is there when the emulator is killed.
    options+=(-drive "file=$disk,format=raw,if=virtio,cache=writethrough")
fi
if [ "$card" != - ]; then
    options+=(-netdev "tap,id=lan,ifname=${card%%,*},script=no,downscript=no")
    options+=(-device "virtio-net-pci,netdev=lan,id=card,mac=${card#*,}")
fi
options+=(-serial "file:$run/console.log" -qmp "unix:$run/monitor,server=on,wait=off" -device virtio-serial)
options+=(-chardev "socket,id=hands,path=$run/hands,server=on,wait=off" -device virtserialport,chardev=hands,name=hands)
# Read-only, and what a test run needs of this machine: its scripts, the built programs, the libraries of the debug build.
for share in "guest=$project/Tests/Machines/guest" "project=$project" "toolchain=$toolchain"; do
    [ -d "${share#*=}" ] || continue
    options+=(-fsdev "local,id=${share%%=*},path=${share#*=},security_model=none,readonly=on,multidevs=remap")
    options+=(-device "virtio-9p-pci,fsdev=${share%%=*},mount_tag=${share%%=*}")
done

qemu-system-x86_64 "${options[@]}" "$@" < /dev/null > "$run/qemu.log" 2>&1 &
emulator=$!
# Until it is gone its disk is locked and its card in use.
trap '{ kill -KILL "$emulator" && wait "$emulator"; } 2> /dev/null || true' EXIT
# Either may come first: the end of the machine, or that of whoever started it.
exec 3<&0
cat <&3 > /dev/null &
reader=$!
wait -n "$emulator" "$reader" || true
