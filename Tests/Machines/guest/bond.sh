# shellcheck shell=bash
# bond.sh ADDRESS: makes the card the only port of a bond, which takes over the server's address, by systemd-networkd; and
# over the bond makes VLAN 7, where the server is 10.89.0.x.
# shellcheck source=Tests/Machines/guest/server.sh
. /run/guest/server.sh
card=$(card)
mac=$(cat "/sys/class/net/$card/address")
cd /etc/systemd/network || exit
printf '[NetDev]\nName=bond0\nKind=bond\nMACAddress=%s\n[Bond]\nMode=active-backup\nMIIMonitorSec=100ms\n' "$mac" \
    > 10-bond.netdev
printf '[NetDev]\nName=lan7\nKind=vlan\n[VLAN]\nId=7\n' > 10-lan7.netdev
printf '[Match]\nName=bond0\n[Network]\nAddress=%s/24\nGateway=10.88.0.1\nVLAN=lan7\n' "$1" > 10-bond.network
printf '[Match]\nName=lan7\n[Network]\nAddress=10.89.0.%s/24\n' "${1##*.}" > 10-lan7.network
printf '[Match]\nName=%s\n[Network]\nBond=bond0\n' "$card" > 05-port.network
networkctl reload
for _ in $(seq 150); do
    if [ "$(cat /sys/class/net/lan7/operstate)" = up ] && ip route show default | grep -q 'dev bond0'; then exit 0; fi
    sleep 0.2
done 2> /dev/null
networkctl status --no-pager
exit 1
