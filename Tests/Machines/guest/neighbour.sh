# shellcheck shell=bash
# neighbour.sh ADDRESS SERVER KEY: somebody else on the LAN, who knows the server by its key and has one of his own for
# ssh; prints the public one.
card=$(basename "$(find /sys/class/net -name 'e*' | head -n 1)")
ip addr add "$1/24" dev "$card"
ip link set "$card" up
mkdir -p /root/.ssh
ssh-keygen -q -t ed25519 -N '' -f /root/.ssh/id_ed25519
cat > /root/.ssh/config << END
Host server
    HostName $2
    ConnectTimeout 60
    ConnectionAttempts 3
END
echo "$2 $3" > /root/.ssh/known_hosts
cat /root/.ssh/id_ed25519.pub
