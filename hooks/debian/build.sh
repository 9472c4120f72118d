#!/bin/bash
# build.sh STAGE VERSION OUTPUT: makes a .deb of the tree STAGE, which `make install DESTDIR=STAGE` has filled.
# MAINTAINER of the environment is who stands in it. Needs no root; needs dpkg-dev.
set -euo pipefail

stage=$(realpath "$1") version=$2 output=$3
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
umask 022

# A package whose programs are of another version than it says is found here, and not by a user.
for program in sbin/vipnsd sbin/vipns-helper bin/vipns; do
    said=$("$stage/usr/$program" --version)
    if [ "${said##* }" != "$version" ]; then
        echo "build.sh: '$program' is version '${said##* }', not '$version' (run: make)" >&2
        exit 1
    fi
done

rm -rf "$stage/DEBIAN"
install -d "$stage/DEBIAN"

# The packages of the libraries that the programs and the module really name.
mkdir "$work/debian"
printf 'Source: vipns\n\nPackage: vipns\nArchitecture: any\n' > "$work/debian/control"
mapfile -t binaries < <(find "$stage/usr/sbin" "$stage/usr/bin" "$stage/usr/lib" -type f \
    \( -perm -u+x -o -name '*.so' \) ! -path '*/systemd/*')
libraries=$(cd "$work" && dpkg-shlibdeps -O -e"${binaries[0]}" "${binaries[@]:1}")
libraries=${libraries#shlibs:Depends=}

# As Debian wants its manual pages and copyright.
find "$stage/usr/share/man" -type f ! -name '*.gz' -exec gzip -9n {} +
install -m 0644 "$here/copyright" "$stage/usr/share/doc/vipns/copyright"
rm -f "$stage/usr/share/doc/vipns/LICENSE"
install -d "$stage/etc/vipns"

(cd "$stage" && find usr etc -type f -print0 | sort -z | xargs -0 md5sum) > "$work/md5sums"
size=$(du -k -s --apparent-size "$stage" | cut -f 1)
sed -e "s|@VERSION@|$version|" -e "s|@ARCHITECTURE@|$(dpkg --print-architecture)|" \
    -e "s|@MAINTAINER@|${MAINTAINER:?}|" -e "s|@SIZE@|$size|" -e "s|@LIBRARIES@|$libraries|" \
    "$here/control" > "$stage/DEBIAN/control"
install -m 0644 "$work/md5sums" "$stage/DEBIAN/md5sums"
for script in postinst prerm postrm; do install -m 0755 "$here/$script" "$stage/DEBIAN/$script"; done
dpkg-deb --root-owner-group -Zxz -z1 --build "$stage" "$output"
