/*
 * What Swift's importer does not see of Linux: calls behind _GNU_SOURCE, function-like macros, and the parts of the
 * socket interface that C offers only as macros. Nothing here decides anything; every function is one call, or the
 * smallest number of calls that has to happen between two system calls (descriptor passing, starting a child).
 * All return what the call returns: -1 and errno on failure.
 *
 * This header includes the kernel's own headers only: the C library's, read with and without _GNU_SOURCE, would give
 * Swift two different pictures of the same types.
 */
#ifndef VIPNS_CLINUX_H
#define VIPNS_CLINUX_H

#include <linux/if_addr.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/if_packet.h>
#include <linux/inet_diag.h>
#include <linux/net_namespace.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <stddef.h>
#include <stdint.h>

/* The C library's text for an error number, NULL for an unknown one; strerrordesc_np(3). */
const char *vipns_error_text(int number);

/* Namespaces: unshare(2), setns(2). */
extern const int vipns_clone_newnet;
extern const int vipns_clone_newns;
extern const int vipns_clone_newpid;
int vipns_unshare(int flags);
int vipns_setns(int fd, int type);

/* Whether fd is a file of the namespace file system; ioctl_ns(2). */
int vipns_is_nsfs(int fd);
int vipns_ns_type(int fd);
int vipns_ns_owner(int fd);

/* Whether a path leads to a file of the namespace file system, without opening it: statfs(2). */
int vipns_is_nsfs_path(const char *path);

/* Processes: pidfd_open(2), pidfd_send_signal(2). */
int vipns_pidfd_open(int pid);
int vipns_pidfd_signal(int pidfd, int signal);
/* A copy of another process's descriptor, close-on-exec; pidfd_getfd(2), Linux 5.6. */
int vipns_pidfd_getfd(int pidfd, int descriptor);

/* How many columns the terminal behind fd has, -1 where there is none; ioctl_tty(2), TIOCGWINSZ. */
int vipns_terminal_columns(int fd);

/* Unix sockets: unix(7). */
struct vipns_peer {
    int pid;
    unsigned uid;
    unsigned gid;
};
int vipns_peer_credentials(int fd, struct vipns_peer *peer);
int vipns_peer_pidfd(int fd);
/* The peer's supplementary groups, *count of them; -1 with ERANGE where there are more; SO_PEERGROUPS. */
int vipns_peer_groups(int fd, unsigned *groups, unsigned *count);
int vipns_netns_cookie(int fd, uint64_t *cookie);
/* A path that begins with @ is an abstract name; sd_notify(3) may be given one. */
int vipns_unix_connect(int fd, const char *path);
int vipns_unix_bind(int fd, const char *path);
int vipns_socket_stream(void);
int vipns_socket_seqpacket(void);
int vipns_socket_datagram(void);
int vipns_socketpair_seqpacket(int ends[2]);
int vipns_socketpair_stream(int ends[2]);
int vipns_accept(int fd, int nonblocking);
/* Lets nobody pass descriptors to the socket and those accepted from it; SO_PASSRIGHTS, Linux 6.16. */
int vipns_refuse_descriptors(int fd);
/* Marks all descriptors from first on as close-on-exec; close_range(2), Linux 5.11. */
int vipns_close_on_exec_from(unsigned first);

/* Bounds a blocking connect, send or receive; socket(7), SO_SNDTIMEO. */
int vipns_socket_timeouts(int fd, long milliseconds);

/* Sends size bytes and, where descriptor is not -1, that descriptor with them; cmsg(3), SCM_RIGHTS. */
long vipns_send(int fd, const void *bytes, size_t size, int descriptor);

/*
 * Receives up to size bytes and up to limit descriptors, close-on-exec; *count says how many came. Descriptors beyond
 * the limit are closed by the kernel or here. A message that is cut off, or has more of them, fails with EMSGSIZE, nothing
 * kept. Where this process has no number free for one, *count is -1: the octets are whole, what came with them is lost.
 */
long vipns_receive(int fd, void *bytes, size_t size, int *descriptors, int limit, int *count);

/*
 * Lets a netlink socket hear what its groups tell of every namespace that has a number in the socket's own, and of that
 * only what takes something away: links deleted or set down, addresses and routes deleted. netlink(7),
 * NETLINK_LISTEN_ALL_NSID; needs CAP_NET_BROADCAST when the socket is made.
 */
int vipns_hear_losses(int fd);

/*
 * Receives one datagram without waiting and gives its size; *number is that of the namespace that it tells of, -1 for the
 * socket's own.
 */
long vipns_receive_numbered(int fd, void *bytes, size_t size, int *number);

/*
 * Makes a user's files the calling thread's, which is not the process's first; gives the user whose they were. setfsuid(2),
 * which itself never fails.
 */
int vipns_set_file_system_user(unsigned uid);

/* Makes room for so many octets that wait, beyond the system's limit where CAP_NET_ADMIN allows it; socket(7). */
int vipns_set_receive_buffer(int fd, int octets);

/* Whether the calling thread has a capability in its effective set; capabilities(7). */
int vipns_has_capability(int capability);

/*
 * A new instance of procfs as a descriptor of its root directory; it is attached nowhere, and gone when that is closed.
 * fsopen(2), fsmount(2); needs CAP_SYS_ADMIN.
 */
int vipns_mount_proc(void);

/* The six octets of a link's MAC address; netdevice(7), SIOCGIFHWADDR. */
int vipns_link_mac(int fd, const char *name, unsigned char *octets);

/*
 * Lets a packet socket without protocol (packet(7), SOCK_RAW) hear the ARP replies that come to any link of its namespace,
 * 42 octets of each, and nothing else.
 */
int vipns_hear_arp_replies(int fd);

/* Flags of the link of that name in the socket's namespace; netdevice(7), SIOCGIFFLAGS. */
int vipns_link_flags(int fd, const char *name);
/* MTU of the link of that name in the socket's namespace; netdevice(7), SIOCGIFMTU. */
int vipns_link_mtu(int fd, const char *name);

/* Mounts that name a namespace: mount(2), umount(2). */
int vipns_bind_mount(const char *source, const char *target);
int vipns_make_private(const char *target);
int vipns_make_tree_private(const char *target);
int vipns_mount(const char *type, const char *target, const char *options);
int vipns_detach_mount(const char *target);
/* Whether path is the root of a mount, asked of the caller's own namespace; statx(2), STATX_ATTR_MOUNT_ROOT, Linux 5.8. */
int vipns_is_mount_root(const char *path);

/* Blocks these signals for the calling thread and those that it starts; gives the descriptor that reads them; signalfd(2). */
int vipns_signal_descriptor(const int *signals, int count);
/* The next signal that waits on such a descriptor; 0 where there is none. */
int vipns_next_signal(int fd);

/* Waiting for descriptors: epoll(7), eventfd(2). Level-triggered; an event is told by the number that fd was added with. */
int vipns_epoll_create(void);
int vipns_epoll_add(int epoll, int fd, int for_writing, uint64_t number);
int vipns_epoll_remove(int epoll, int fd);
/* Fills numbers with those that are ready, limit at most; gives how many. Waits without end for -1 milliseconds. */
int vipns_epoll_wait(int epoll, uint64_t *numbers, int limit, int milliseconds);
int vipns_eventfd(void);

/* A long option of a program; getopt_long(3). */
struct vipns_option {
    const char *name;
    int takes_value;
};

/*
 * The index of the next option in the table, its value in *value; -1 when there are no more, -2 for wrong usage, of which
 * the C library has told on standard error. *rest is the index of the first argument that is no option.
 */
int vipns_next_option(
    int argc, char *const *argv, const struct vipns_option *table, int count, const char **value, int *rest);

/* Who a child runs as and what it holds; every descriptor of -1 becomes /dev/null. */
struct vipns_child {
    const char *program;
    char *const *arguments;
    char *const *environment;
    int input, output, error;
    int set_ids; /* whether uid, gid apply; supplementary groups are then dropped */
    unsigned uid;
    unsigned gid;
    int die_with_parent;
    int detached; /* whether the child leaves the caller's terminal; setsid(2) */
};

/* Starts a child; processes.c says what happens between fork and exec. Gives its pid, or -1 with the child's errno. */
int vipns_spawn(const struct vipns_child *child);

#endif
