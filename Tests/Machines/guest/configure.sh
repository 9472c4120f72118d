# shellcheck shell=bash
# configure.sh RANGE [LINE...]: docs/operations.md, "Configure" and "Check and start", with a pool of that range and more
# lines of it.
range=$1
shift
card=$(ip -o -4 route show default | sed -n 's/.* dev \([^ ]*\).*/\1/p' | head -n 1)
mkdir -p /etc/vipns
{
    cat << END
history: {keep: 365d}

pools:
  desk:
    ranges: [$range]
    prefix: 10.88.0.0/24
    gateway: 10.88.0.1
    parent: $card
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
    # A reload gives the reader of the file 1 s, which emulation on a busy machine may exceed; nothing is changed then.
    vipns reload || { sleep 3 && vipns reload; }
else
    systemctl enable --now vipns-helper vipnsd
fi
vipns pool
