# shellcheck shell=bash
# install.sh: docs/operations.md, "Install", from the package.
apt-get install -y /run/project/.build/vipns_*.deb nftables
# Nothing runs yet, no login is changed.
! systemctl --quiet is-active vipnsd vipns-helper
! grep -rq pam_vipns /etc/pam.d
