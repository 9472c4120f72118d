# shellcheck shell=bash
# network.sh ADDRESS MAC: gives the server its address by systemd-networkd, as an administrator does, and starts what
# people come in by.
six=
if [ -e /proc/sys/net/ipv6 ]; then six="Address=fd88::${1##*.}/64"; fi
cat > /etc/systemd/network/10-lan.network << END
[Match]
MACAddress=$2

[Network]
Address=$1/24
$six
Gateway=10.88.0.1
IPv6AcceptRA=no
END
# The other kinds of keys cost emulation seconds.
[ -e /etc/ssh/ssh_host_ed25519_key ] || ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key
systemctl --quiet enable --now systemd-networkd ssh cron atd
/lib/systemd/systemd-networkd-wait-online --timeout=60
