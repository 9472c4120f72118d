/*
 * What Swift's importer does not see of Linux: calls behind _GNU_SOURCE, function-like macros, and the parts of the
 * socket interface that C offers only as macros. Nothing here decides anything; every function is one call, or the
 * smallest number of calls that has to happen between two system calls (descriptor passing, starting a child).
 * All return what the call returns: -1 and errno on failure.
 */
#ifndef VIPNS_CLINUX_H
#define VIPNS_CLINUX_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/if_arp.h>
#include <linux/if_packet.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* Debian 12's headers are older than the kernels that we use. */
#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif
#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif
#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1U << 2)
#endif

/* The C library's text for an error number, NULL for an unknown one; strerrordesc_np(3). */
static inline const char *vipns_error_text(int number) { return strerrordesc_np(number); }

/* Namespaces: unshare(2), setns(2). */
static const int vipns_clone_newnet = CLONE_NEWNET;
static const int vipns_clone_newns = CLONE_NEWNS;
static const int vipns_clone_newpid = CLONE_NEWPID;

static inline int vipns_unshare(int flags) { return unshare(flags); }
static inline int vipns_setns(int fd, int type) { return setns(fd, type); }

/* Whether fd is a file of the namespace file system; ioctl_ns(2). */
static inline int vipns_is_nsfs(int fd) {
    struct statfs facts;
    if (fstatfs(fd, &facts) < 0) return -1;
    return facts.f_type == NSFS_MAGIC;
}
static inline int vipns_ns_type(int fd) { return ioctl(fd, NS_GET_NSTYPE); }
static inline int vipns_ns_owner(int fd) { return ioctl(fd, NS_GET_USERNS); }

/* Processes: pidfd_open(2), pidfd_send_signal(2). */
static inline int vipns_pidfd_open(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }
static inline int vipns_pidfd_signal(int pidfd, int signal) {
    return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0);
}
static inline int vipns_close_range_cloexec(unsigned first) {
    return (int)syscall(SYS_close_range, first, ~0U, CLOSE_RANGE_CLOEXEC);
}
static inline int vipns_die_with_parent(void) { return prctl(PR_SET_PDEATHSIG, SIGKILL); }
static inline int vipns_no_new_privileges(void) { return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); }
static inline int vipns_get_dumpable(void) { return prctl(PR_GET_DUMPABLE); }

/* Unix sockets: unix(7). */
struct vipns_peer {
    pid_t pid;
    uid_t uid;
    gid_t gid;
};

static inline int vipns_peer_credentials(int fd, struct vipns_peer *peer) {
    struct ucred found;
    socklen_t size = sizeof found;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &found, &size) < 0) return -1;
    peer->pid = found.pid;
    peer->uid = found.uid;
    peer->gid = found.gid;
    return 0;
}

static inline int vipns_peer_pidfd(int fd) {
    int pidfd = -1;
    socklen_t size = sizeof pidfd;
    return getsockopt(fd, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &size) < 0 ? -1 : pidfd;
}

static inline int vipns_netns_cookie(int fd, uint64_t *cookie) {
    socklen_t size = sizeof *cookie;
    return getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, cookie, &size);
}

static inline int vipns_unix_address(const char *path, struct sockaddr_un *address, socklen_t *size) {
    size_t length = strlen(path);
    if (length >= sizeof address->sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    memcpy(address->sun_path, path, length + 1);
    *size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + 1);
    return 0;
}

static inline int vipns_unix_connect(int fd, const char *path) {
    struct sockaddr_un address;
    socklen_t size;
    if (vipns_unix_address(path, &address, &size) < 0) return -1;
    return connect(fd, (struct sockaddr *)&address, size);
}

static inline int vipns_unix_bind(int fd, const char *path) {
    struct sockaddr_un address;
    socklen_t size;
    if (vipns_unix_address(path, &address, &size) < 0) return -1;
    return bind(fd, (struct sockaddr *)&address, size);
}

static inline int vipns_socket_stream(void) { return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0); }
static inline int vipns_socket_seqpacket(void) { return socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0); }
static inline int vipns_socketpair_seqpacket(int ends[2]) {
    return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends);
}
static inline int vipns_socketpair_stream(int ends[2]) {
    return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends);
}
static inline int vipns_accept(int fd, int nonblocking) {
    return accept4(fd, NULL, NULL, SOCK_CLOEXEC | (nonblocking ? SOCK_NONBLOCK : 0));
}

/* Bounds a blocking connect, send or receive; socket(7), SO_SNDTIMEO. */
static inline int vipns_socket_timeouts(int fd, long milliseconds) {
    struct timeval limit = {.tv_sec = milliseconds / 1000, .tv_usec = (milliseconds % 1000) * 1000};
    if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) < 0) return -1;
    return setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
}

/* Sends size bytes and, where descriptor is not -1, that descriptor with them; cmsg(3), SCM_RIGHTS. */
static inline ssize_t vipns_send(int fd, const void *bytes, size_t size, int descriptor) {
    struct iovec part = {.iov_base = (void *)bytes, .iov_len = size};
    union {
        char room[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control;
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (descriptor >= 0) {
        memset(&control, 0, sizeof control);
        message.msg_control = control.room;
        message.msg_controllen = sizeof control.room;
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(header), &descriptor, sizeof(int));
    }
    return sendmsg(fd, &message, MSG_NOSIGNAL);
}

/*
 * Receives up to size bytes and up to limit descriptors, close-on-exec; *count says how many came. Descriptors beyond
 * the limit are closed by the kernel or here. A cut-off message or control part fails with EMSGSIZE, nothing kept.
 */
static inline ssize_t vipns_receive(int fd, void *bytes, size_t size, int *descriptors, int limit, int *count) {
    struct iovec part = {.iov_base = bytes, .iov_len = size};
    union {
        char room[CMSG_SPACE(sizeof(int) * 16)];
        struct cmsghdr align;
    } control;
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.room, .msg_controllen = sizeof control.room};
    ssize_t got = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
    int kept = 0, excess = 0;
    *count = 0;
    if (got < 0) return -1;
    for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
        size_t n = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < n; i++) {
            int one;
            memcpy(&one, CMSG_DATA(header) + i * sizeof(int), sizeof(int));
            if (kept < limit) {
                descriptors[kept++] = one;
            } else {
                close(one);
                excess = 1;
            }
        }
    }
    if ((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) || excess) {
        while (kept > 0) close(descriptors[--kept]);
        errno = EMSGSIZE;
        return -1;
    }
    *count = kept;
    return got;
}

/* Mounts that name a namespace: mount(2), umount(2). */
static inline int vipns_bind_mount(const char *source, const char *target) {
    return mount(source, target, NULL, MS_BIND, NULL);
}
static inline int vipns_make_private(const char *target) {
    return mount(NULL, target, NULL, MS_PRIVATE, NULL);
}
static inline int vipns_make_tree_private(const char *target) {
    return mount(NULL, target, NULL, MS_REC | MS_PRIVATE, NULL);
}
static inline int vipns_mount(const char *type, const char *target, const char *options) {
    return mount(type, target, type, MS_NOSUID | MS_NODEV, options);
}
static inline int vipns_detach_mount(const char *target) { return umount2(target, MNT_DETACH | UMOUNT_NOFOLLOW); }

/* Who a child runs as and what it holds; every descriptor of -1 becomes /dev/null. */
struct vipns_child {
    const char *program;
    char *const *arguments;
    char *const *environment;
    int input, output, error;
    int set_ids; /* whether uid, gid apply; supplementary groups are then dropped */
    uid_t uid;
    gid_t gid;
    int die_with_parent;
    int new_group; /* whether the child leads a process group of its own */
};

/* Starts a child; clinux.c says what happens between fork and exec. Gives its pid, or -1 with the child's errno. */
pid_t vipns_spawn(const struct vipns_child *child);

#endif
