# shellcheck shell=bash
# server.sh: for the other scripts of a server.

# The link that leads to the LAN.
card() { ip -o -4 route show default | sed -n 's/.* dev \([^ ]*\).*/\1/p' | head -n 1; }

# Has the configuration taken up. A reload gives the reader of the file 1 s, which emulation on a busy machine may exceed;
# nothing is changed then.
reload() { vipns reload || { sleep 3 && vipns reload; }; }
