# shellcheck shell=bash
# foreign-link.sh NAME: makes a macvlan link of that name in the host, as older kernels show a session's for a moment, leaves
# it there for some seconds, and tells what has become of it.
# shellcheck source=Tests/Machines/guest/server.sh
. /run/guest/server.sh
card=$(card)
# Until NetworkManager, which may just have been started, has looked at all links.
for _ in $(seq 100); do
    nmcli -t -f DEVICE,STATE device 2> /dev/null | grep -q "^$card:unmanaged" && break
    sleep 0.2
done
ip link add "$1" link "$card" type macvlan mode bridge
ip addr add 10.88.0.250/32 dev "$1"
ip link set "$1" up
udevadm settle
sleep 5
echo "networkd $(networkctl list --no-legend --no-pager "$1" | awk '{ print $5 }')"
echo "manager $(nmcli -t -f DEVICE,STATE device | sed -n "s/^$1://p")"
echo "units $(systemctl list-units --no-legend --plain --type device | grep -c 'vipns' || true)"
echo "file $(udevadm info "/sys/class/net/$1" | sed -n 's/.*ID_NET_LINK_FILE=.*\///p')"
echo "addresses $(ip -o -4 addr show dev "$1" | wc -l)"
ip link del "$1"
udevadm settle
