# shellcheck shell=bash
# shutdown-time.sh: how many seconds the last shutdown took, from its start to the journal's last entry.
journalctl -b -1 -o short-unix --no-pager | awk '
    /System is rebooting|Stopping session-|Stopped target.*(Graphical|Multi-User)/ { if (!start) start = $1 }
    { last = $1 }
    END { print last - start }'
