# shellcheck shell=bash
# network-programs.sh: networkd that would configure any Ethernet link, and NetworkManager beside it for all but the card.
# shellcheck source=Tests/Machines/guest/server.sh
. /run/guest/server.sh
card=$(card)
printf '[Match]\nType=ether\n[Network]\nDHCP=ipv4\nLinkLocalAddressing=ipv6\n' > /etc/systemd/network/99-any.network
mkdir -p /etc/NetworkManager/conf.d
printf '[device-lan]\nmatch-device=interface-name:%s\nmanaged=0\n' "$card" > /etc/NetworkManager/conf.d/lan.conf
networkctl reload
systemctl start NetworkManager
nm-online -q -s -t 60 || true
