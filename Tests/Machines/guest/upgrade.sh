# shellcheck shell=bash
# upgrade.sh VERSION: replaces the package by the same one under another version, newer or older.
work=$(mktemp -d)
dpkg-deb -R /run/project/.build/vipns_*.deb "$work/package"
sed -i "s/^Version: .*/Version: $1/" "$work/package/DEBIAN/control"
dpkg-deb -Znone --build "$work/package" "$work/vipns.deb"
DEBIAN_FRONTEND=noninteractive apt-get install -y --allow-downgrades "$work/vipns.deb"
[ "$(dpkg-query -W -f '${Version}' vipns)" = "$1" ]
rm -rf "$work"
