# shellcheck shell=bash
# crowd.sh COUNT: opens that many sessions, each with a process that stays.
for _ in $(seq "$1"); do
    vipns enter -- sleep 7200 &
    # Four at a time.
    while [ "$(jobs -r | wc -l)" -gt 4 ] && [ "$(pgrep -cx vipns)" -ge 4 ]; do sleep 0.05; done
done
wait
