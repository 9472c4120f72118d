/*
 * The helper channel: what vipnsd asks of vipns-helper, over /run/vipns/helper (SOCK_SEQPACKET).
 *
 * One datagram is one message: struct nlmsghdr and attributes (struct nlattr), in the layout and alignment of
 * netlink(7) but with the types below. At most VIPNS_MESSAGE_SIZE octets, at most one descriptor, only where stated.
 * nlmsg_seq is the request's number, copied into every answer; 0 marks an event. nlmsg_flags and nlmsg_pid are 0.
 * VIPNS_MSG_DONE ends an answer in parts. Numbers are in host order.
 *
 * A message that breaks these rules, or an unknown type or attribute in a request, ends the channel.
 */
#ifndef VIPNS_HELPER_H
#define VIPNS_HELPER_H

/* Sent in VIPNS_MSG_HELLO, the first message each way; any other version ends the channel. */
#define VIPNS_HELPER_VERSION 5

/* Upper bound of one message in octets. */
#define VIPNS_MESSAGE_SIZE 32768

/* Namespace numbers that vipns gives are this or above; the kernel's own choices start at 0. */
#define VIPNS_FIRST_NUMBER 0x100000

/* Message types. "in:" lists the request's attributes, "out:" those of its answer; [x] may be missing. */
enum vipns_message {
    /* Answer to a request that has nothing to tell. */
    VIPNS_MSG_DONE = 32,
    /* Answer to a request that failed. out: ERRNO, TEXT */
    VIPNS_MSG_ERROR,
    /* First message. in: VERSION; out: VERSION */
    VIPNS_MSG_HELLO,
    /* Bind the client socket anew. out: nothing, with the listening descriptor */
    VIPNS_MSG_LISTEN,
    /*
     * Make a namespace, load the firewall inside, set its settings, number and pin it.
     * in: SESSION, NUMBER, [FIREWALL], [SYSCTLS], [INHERIT], [ASKED, ANSWERING];
     * out: COOKIE
     */
    VIPNS_MSG_MAKE,
    /*
     * Connect a made namespace: the link, its addresses and routes, lo; then announce. Without PARENT: lo only.
     * With it ADDRESS or ADDRESS6 or both; the MAC address is that of ADDRESS where it is there.
     * in: SESSION, [PARENT, MODE, MAC, [MTU], [ADDRESS, PREFIX_LENGTH, [GATEWAY], [ROUTES]],
     *     [ADDRESS6, PREFIX_LENGTH6, [GATEWAY6], [ROUTES6]]];
     * out: nothing, with the namespace's descriptor
     */
    VIPNS_MSG_CONNECT,
    /* The descriptor of a pinned namespace. in: SESSION; out: nothing, with the descriptor */
    VIPNS_MSG_JOIN,
    /* All processes in namespaces of ours. out, in parts: MEMBERS */
    VIPNS_MSG_MEMBERS,
    /* Kill the processes in one namespace. in: NUMBER; out: COUNT of those still there */
    VIPNS_MSG_KILL,
    /* Destroy TCP sockets, unpin, forget. in: SESSION, NUMBER; out: ALIVE, [INODE] */
    VIPNS_MSG_DISMANTLE,
    /* Unpin only: processes that are left live on with their sockets. in: SESSION, NUMBER; out: ALIVE, as VIPNS_MSG_DISMANTLE */
    VIPNS_MSG_UNPIN,
    /* Delete the session's link by its namespace's number. in: NUMBER; done when the kernel says so or it was gone */
    VIPNS_MSG_DELETE_LINK,
    /*
     * All pins, names and living numbers of ours. in: [PINS] (sessions that need no look while their number lives);
     * out, in parts, one each: [SESSION], [NUMBER], [COOKIE], LINKED; then DONE
     */
    VIPNS_MSG_LIST,
    /* Event: the namespace of this number is gone. out: NUMBER */
    VIPNS_MSG_GONE,
    /* Event: events were lost; ask with VIPNS_MSG_LIST. */
    VIPNS_MSG_OVERRUN,
    /*
     * Read the allowance again; the former one stays allowed beside it until VIPNS_MSG_SETTLE. Where what is read has
     * another checksum, EAGAIN and nothing is changed. in: CHECKSUM
     */
    VIPNS_MSG_RELOAD,
    /* Forget former allowances. Where the one in force has another checksum, ESTALE and nothing is changed. in: CHECKSUM */
    VIPNS_MSG_SETTLE,
    /*
     * Look after what is the helper's own, and make anew what is gone of it: run directory, lock, its socket, pin
     * directory. Comes every 2 s: so each side hears that the other one works.
     * out, in parts: SESSIONS whose pin and name are whole; the first also LISTENING, [TEXT] (what was made anew);
     * then DONE
     */
    VIPNS_MSG_AUDIT,
    /* Pin again what a process stands in, and give it its name. in: PINS; out, in parts: SESSIONS that are pinned; DONE */
    VIPNS_MSG_PIN,
    /*
     * Make anew what is missing of link, addresses, routes, lo; leave what is there. EADDRINUSE: another link has the MAC.
     * in: as VIPNS_MSG_CONNECT, and NUMBER; out: [TEXT] (what was made anew)
     */
    VIPNS_MSG_RESTORE,
    /* Who holds namespaces by something else than standing in them. in: NAMESPACES; out, in parts: HOLDERS; then DONE */
    VIPNS_MSG_HOLDERS,
    /* Event: somebody took a link, an address or a route away in the namespace of this number. out: NUMBER */
    VIPNS_MSG_CHANGED,
    /*
     * The link of the namespace of this number as the kernel has it, for a store that was lost. in: NUMBER;
     * out: as VIPNS_MSG_CONNECT takes it, without gateways, routes and MTU; nothing where it has no link or no address
     */
    VIPNS_MSG_LOOK,
    /* Event: another machine on the LAN answers for this address, which was just announced. out: ADDRESS, MAC */
    VIPNS_MSG_CLAIMED,
};

/* Attribute types and payloads. */
enum vipns_attribute {
    /* u32: VIPNS_HELPER_VERSION */
    VIPNS_ATTR_VERSION = 1,
    /* string: eight characters of [a-z2-7] */
    VIPNS_ATTR_SESSION,
    /* u32: the namespace's number in the host, at least VIPNS_FIRST_NUMBER */
    VIPNS_ATTR_NUMBER,
    /* u64: the namespace's cookie; socket(7), SO_NETNS_COOKIE */
    VIPNS_ATTR_COOKIE,
    /* string: name of the parent link */
    VIPNS_ATTR_PARENT,
    /* u32: 0 bridge, 1 private, 2 vepa */
    VIPNS_ATTR_MODE,
    /* 6 octets: MAC address, locally administered, unicast */
    VIPNS_ATTR_MAC,
    /* 4 octets: IPv4 address, network order */
    VIPNS_ATTR_ADDRESS,
    /* u32: length of ADDRESS's network part, 0 to 32 */
    VIPNS_ATTR_PREFIX_LENGTH,
    /* 4 octets: IPv4 address, network order */
    VIPNS_ATTR_GATEWAY,
    /* pairs of u32: namespace number, process id */
    VIPNS_ATTR_MEMBERS,
    /* u32 */
    VIPNS_ATTR_COUNT,
    /* u8: whether the kernel still knows the number */
    VIPNS_ATTR_ALIVE,
    /* u8: whether the namespace has a macvlan link */
    VIPNS_ATTR_LINKED,
    /* u32: errno, positive */
    VIPNS_ATTR_ERRNO,
    /* string: what was tried, on what, why it failed */
    VIPNS_ATTR_TEXT,
    /* u64: FNV-1a of the allowance's text */
    VIPNS_ATTR_CHECKSUM,
    /* string: path of an nftables script, root's and of the allowance */
    VIPNS_ATTR_FIREWALL,
    /* pairs of strings, each with its NUL: name (net.…) and value of a setting; 64 pairs at most */
    VIPNS_ATTR_SYSCTLS,
    /* strings, each with its NUL: names (net.…) of settings that get the host's value; 64 at most */
    VIPNS_ATTR_INHERIT,
    /* u32: octets, 68 to 65535; no more than the parent link's */
    VIPNS_ATTR_MTU,
    /* entries of 12 octets, 64 at most: destination, IPv4; its length, u32; gateway, IPv4 */
    VIPNS_ATTR_ROUTES,
    /* 16 octets: IPv6 address, network order */
    VIPNS_ATTR_ADDRESS6,
    /* u32: length of ADDRESS6's network part, 0 to 128 */
    VIPNS_ATTR_PREFIX_LENGTH6,
    /* 16 octets: IPv6 address, network order */
    VIPNS_ATTR_GATEWAY6,
    /* entries of 36 octets, 64 at most: destination, IPv6; its length, u32; gateway, IPv6 */
    VIPNS_ATTR_ROUTES6,
    /* entries of 16 octets, 8 at most: name servers that programs ask; IPv6, or IPv4 in IPv6 form (RFC 4291, 2.5.5.2) */
    VIPNS_ATTR_ASKED,
    /* entries of 16 octets, 3 at most: name servers that answer in their place; as ASKED */
    VIPNS_ATTR_ANSWERING,
    /* entries of 8 octets: session ids */
    VIPNS_ATTR_SESSIONS,
    /* u8: whether the path of the client socket leads to the one that was bound last */
    VIPNS_ATTR_LISTENING,
    /* entries of 12 octets, 1,024 at most, in VIPNS_MSG_LIST 2,560: session id; its namespace's number, u32 */
    VIPNS_ATTR_PINS,
    /* u64: the inode of the namespace, which another one may have later; ioctl_ns(2) */
    VIPNS_ATTR_INODE,
    /* entries of 20 octets, 1,024 at most: namespace's number, u32; cookie, u64, and inode, u64, 0 where it is not known */
    VIPNS_ATTR_NAMESPACES,
    /* entries of 28 octets: namespace's number, u32; process id, u32; u32: 0 descriptor, 1 mount, 2 socket; its program, 16 octets, NULs at the end */
    VIPNS_ATTR_HOLDERS,
};

#endif
