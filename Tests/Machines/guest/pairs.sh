# shellcheck shell=bash
# pairs.sh: gives the pool pairs of addresses, and looks at a session that has one from inside, until the gateway answers at
# both; then the pool is as before.
# shellcheck source=Tests/Machines/guest/server.sh
. /run/guest/server.sh
cp /etc/vipns/vipns.yaml /etc/vipns/once
sed -i -e 's/ranges: .*/ranges: [10.88.0.101-10.88.0.140, fd88::101-fd88::128]/' \
    -e 's/prefix: .*/prefix: [10.88.0.0\/24, fd88::\/64]/' \
    -e 's/gateway: .*/gateway: [10.88.0.1, fd88::1]/' /etc/vipns/vipns.yaml
reload
vipns enter -- sh -c 'ping -c 1 -W 10 10.88.0.1 && ping -c 1 -W 10 fd88::1 && cat /proc/sys/net/ipv6/conf/eth0/accept_ra
    ip -o addr show dev eth0'
mv /etc/vipns/once /etc/vipns/vipns.yaml
reload
