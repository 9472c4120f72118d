# shellcheck shell=bash
# power-setup.sh: a small machine without systemd gets the package's programs, the service's user and a configuration.
dpkg-deb -x /run/project/.build/vipns_*.deb /opt/vipns
useradd --system --home-dir /var/lib/vipns --no-create-home --shell /usr/sbin/nologin vipns
mkdir -p /etc/vipns
# Of all history that has ended, an hour stays. Addresses rest so shortly that the whole pool can be asked for at once.
cat > /etc/vipns/vipns.yaml << 'END'
history: {keep: 1h}

pools:
  desk:
    ranges: [10.99.0.101-10.99.0.112]
    prefix: 10.99.0.0/24
    parent: lan0
    hold: 100ms
    exhaustion: deny

rules:
  - users: [root]
    pool: none
END
sync
