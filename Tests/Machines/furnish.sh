#!/bin/bash
# furnish.sh kernel|system ROOT: what a machine has beyond its packages, before its kernel is installed, and after all:
# a small initial file system; accounts, hands for tests, no key of its own.
set -euo pipefail
root=$2

if [ "$1" = kernel ]; then
    # With what every machine might need it boots in twice the time.
    mkdir -p "$root/etc/initramfs-tools/conf.d"
    printf 'MODULES=list\nCOMPRESS=zstd\nCOMPRESSLEVEL=1\n' > "$root/etc/initramfs-tools/conf.d/machine"
    printf '%s\n' virtio_pci virtio_blk ext4 > "$root/etc/initramfs-tools/modules"
    exit 0
fi

echo machine > "$root/etc/hostname"
printf '127.0.0.1\tlocalhost\n127.0.1.1\tmachine\n::1\tlocalhost ip6-localhost\n' > "$root/etc/hosts"
echo 'LABEL=root / ext4 errors=remount-ro 0 1' > "$root/etc/fstab"
rm -f "$root"/etc/ssh/ssh_host_*
for user in alice bob carol; do
    chroot "$root" useradd --create-home --shell /bin/bash "$user"
    echo "$user:$user" | chroot "$root" chpasswd
done
echo 'root:root' | chroot "$root" chpasswd

# A test's hands: they come by a port of their own, so that network and logins are the machine's alone. Stays until the
# machine is switched off, and needs nothing.
cat > "$root/etc/systemd/system/hands.service" << 'UNIT'
[Unit]
Description=Runs a test's commands
DefaultDependencies=no
After=systemd-udevd.service systemd-remount-fs.service
IgnoreOnIsolate=yes
StartLimitIntervalSec=0

[Service]
ExecStart=/usr/local/sbin/hands
KillMode=process
Restart=always

[Install]
WantedBy=sysinit.target
UNIT
cat > "$root/usr/local/sbin/hands" << 'SCRIPT'
#!/bin/sh
# As the first process of a small machine that is somebody else on the LAN, it mounts what systemd else mounts.
if [ "$$" = 1 ]; then
    mount -t proc proc /proc
    mount -t sysfs sysfs /sys
    mount -t devtmpfs devtmpfs /dev 2> /dev/null
    mkdir -p /dev/pts
    mount -t devpts devpts /dev/pts
    mount -t tmpfs tmpfs /run
    mount -o remount,rw /
    ip link set lo up
    modprobe -a virtio_net virtio_console 9pnet_virtio 9p
fi
modprobe -a virtio_console 9pnet_virtio 9p
for share in guest project toolchain; do
    mkdir -p /run/$share
    mountpoint -q /run/$share \
        || mount -t 9p -o trans=virtio,version=9p2000.L,ro,cache=loose,msize=262144 $share /run/$share
done
exec python3 -u /run/guest/hands.py
SCRIPT
chmod 0755 "$root/usr/local/sbin/hands"
chroot "$root" systemctl --quiet enable hands.service
# The network is for tests to set up; what only costs time at a boot goes.
chroot "$root" systemctl --quiet disable NetworkManager.service NetworkManager-wait-online.service ssh.service \
    cron.service atd.service
chroot "$root" systemctl --quiet mask apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer \
    e2scrub_reap.service fstrim.timer systemd-firstboot.service getty@tty1.service serial-getty@ttyS0.service
