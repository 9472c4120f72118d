# shellcheck shell=bash
# census.sh: what sessions may leave behind, a line each with a number.
echo "namespaces $(readlink /proc/[0-9]*/ns/net 2> /dev/null | sort -u | wc -l)"
echo "mounts $(cat /proc/[0-9]*/mountinfo 2> /dev/null | grep -c ' - nsfs ' || true)"
echo "pins $(find /run/vipns/netns -mindepth 1 2> /dev/null | wc -l)"
echo "names $(find /run/netns -mindepth 1 2> /dev/null | wc -l)"
echo "links $(ip -o link | wc -l)"
# Those of vipns: a host that has looked into a session by its number has one for itself.
echo "numbers $(ip netns list-id 2> /dev/null | grep -cE 'nsid [0-9]{7,}' || true)"
echo "sessions $(vipns list | grep -c '^[a-z2-7]\{8\} ' || true)"
echo "descriptors $(find /proc/"$(pidof vipns-helper)"/fd -mindepth 1 | wc -l)"
