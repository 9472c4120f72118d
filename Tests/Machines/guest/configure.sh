# shellcheck shell=bash
# configure.sh RANGE [LINE...]: docs/operations.md, "Configure" and "Check and start", with a pool of that range and more
# lines of it.
# shellcheck source=Tests/Machines/guest/server.sh
. /run/guest/server.sh
range=$1
shift
mkdir -p /etc/vipns
{
    cat << END
history: {keep: 365d}

pools:
  desk:
    ranges: [$range]
    prefix: 10.88.0.0/24
    gateway: 10.88.0.1
    parent: $(card)
    hold: 100ms
END
    for line; do printf '    %s\n' "$line"; done
    cat << 'END'

rules:
  - users: [root]
    pool: none
  - services: [sshd, login, su, su-l]
    pool: desk
END
} > /etc/vipns/vipns.yaml
vipns check
if systemctl --quiet is-active vipnsd; then
    reload
else
    systemctl enable --now vipns-helper vipnsd
fi
vipns pool
