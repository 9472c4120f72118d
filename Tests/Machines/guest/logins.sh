# shellcheck shell=bash
# logins.sh: docs/pam.md, "Try it, and do not lock yourself out", steps 4 to 6.
cat > /etc/pam.d/vipns-test << 'END'
account  required   pam_vipns.so
account  required   pam_permit.so
session  requisite  pam_vipns.so
session  required   pam_permit.so
END
pamtester vipns-test alice acct_mgmt open_session close_session
rm /etc/pam.d/vipns-test
DEBIAN_FRONTEND=noninteractive pam-auth-update --enable vipns
grep -q pam_vipns /etc/pam.d/common-session
