# shellcheck shell=bash
# jobs.sh: has cron and at run a job each that tells its addresses, after the steps of docs/pam.md for them.
# shellcheck source=Tests/Machines/guest/server.sh
. /run/guest/server.sh
for service in cron atd; do
    echo 'session requisite pam_vipns.so' >> "/etc/pam.d/$service"
done
sed -i 's/services: \[sshd,/services: [cron, atd, sshd,/' /etc/vipns/vipns.yaml
reload
# shellcheck disable=SC2016 # The job looks, not this script.
tell='echo job $(ip -o -4 addr show scope global | sed "s/.*inet //; s/ .*//")'
echo "* * * * * alice $tell > /tmp/cron.out" > /etc/cron.d/trial
su alice -c "echo '$tell > /tmp/at.out' | at now"
for _ in $(seq 100); do
    if [ -s /tmp/cron.out ] && [ -s /tmp/at.out ]; then break; fi
    sleep 1
done
rm /etc/cron.d/trial
cat /tmp/cron.out /tmp/at.out
