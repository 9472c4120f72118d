#!/bin/bash
# build.sh SYSTEM: makes what a virtual Debian machine boots from and prints the folder: disk.img, vmlinuz, initrd.
#
# The folder is a cache: it is made once for each text of this file, under MACHINES (~/.cache/vipns/machines). Its packages
# come from where apt on this machine has Debian from; MIRROR and SECURITY name another place. Needs root, mmdebstrap,
# e2fsprogs.
set -euo pipefail

system=${1:?SYSTEM is missing: debian12 or debian13}
case $system in
debian12) suite=bookworm ;;
debian13) suite=trixie ;;
*)
    echo "build.sh: there is no system '$system' (debian12, debian13)" >&2
    exit 64
    ;;
esac

here=$(cd "$(dirname "$0")" && pwd)
machines=${MACHINES:-${XDG_CACHE_HOME:-$HOME/.cache}/vipns/machines}
text=$(sha256sum "$here/build.sh" "$here/furnish.sh" | sha256sum | cut -c1-12)
folder=$machines/$system-$text
if [ -e "$folder/ready" ]; then
    echo "$folder"
    exit 0
fi

# Where apt here has the archive of that pattern from.
archive() {
    # shellcheck disable=SC2016 # These are apt's own names.
    apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' \
        | awk -v wanted="$1" '$2 ~ wanted { sub("/$", "", $1); print $1; exit }'
}
mirror=${MIRROR:-$(archive '^(bookworm|trixie|forky|sid)$')}
security=${SECURITY:-$(archive -security)}
: "${mirror:?this machine\'s apt names no archive of Debian; set MIRROR to one}"

# What a person finds on a server, and what tests look at it with.
packages=linux-image-amd64,initramfs-tools,zstd,systemd,systemd-sysv,libpam-systemd,systemd-container,dbus,udev,kmod
packages+=,dbus-user-session,openssh-server,openssh-client,sudo,cron,at,apparmor,polkitd,network-manager,iproute2,nftables,iputils-ping
packages+=,procps,psmisc,python3,strace,ethtool,pamtester,util-linux-extra,libmnl0,libsqlite3-0,libstdc++6,libcurl4,libxml2

echo "building a machine with $system from $mirror (once)" >&2
mkdir -p "$machines"
work=$(mktemp -d "$machines/.$system.XXXXXX")
trap 'rm -rf "$work"' EXIT
sources=("deb $mirror $suite main" "deb $mirror $suite-updates main")
if [ -n "$security" ]; then sources+=("deb $security $suite-security main"); fi
printf '%s\n' "${sources[@]}" \
    | mmdebstrap --quiet --mode=root --variant=apt --include="$packages" \
        --aptopt='Acquire::Languages "none"' --aptopt='APT::Sandbox::User "root"' \
        --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
        --dpkgopt='path-exclude=/usr/share/man/*' \
        --extract-hook="'$here/furnish.sh' kernel \"\$1\"" --customize-hook="'$here/furnish.sh' system \"\$1\"" \
        "$suite" "$work/root" - > "$work/log" 2>&1 \
    || { tail -n 30 "$work/log" >&2; exit 1; }

mkdir "$work/made"
cp "$work"/root/boot/vmlinuz-* "$work/made/vmlinuz"
cp "$work"/root/boot/initrd.img-* "$work/made/initrd"
basename "$work"/root/boot/vmlinuz-* | sed 's/^vmlinuz-//' > "$work/made/kernel"
rm -rf "$work"/root/boot/*
# As large as what a server has needs no place here: it is sparse.
truncate -s 3G "$work/made/disk.img"
mke2fs -q -t ext4 -L root -d "$work/root" "$work/made/disk.img"
touch "$work/made/ready"
rm -rf "$folder"
mv "$work/made" "$folder"
# What earlier texts have left.
for other in "$machines/$system"-*; do [ "$other" = "$folder" ] || rm -rf "$other"; done
echo "$folder"
