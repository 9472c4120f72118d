/* Unix sockets: unix(7), cmsg(3). */
#define _GNU_SOURCE
#include "clinux.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

/* Debian 12's headers are older than the kernels that we use. */
#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif
#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif
#ifndef SO_PASSRIGHTS
#define SO_PASSRIGHTS 83
#endif

int vipns_peer_credentials(int fd, struct vipns_peer *peer) {
    struct ucred found;
    socklen_t size = sizeof found;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &found, &size) < 0) return -1;
    peer->pid = found.pid;
    peer->uid = found.uid;
    peer->gid = found.gid;
    return 0;
}

int vipns_peer_pidfd(int fd) {
    int pidfd = -1;
    socklen_t size = sizeof pidfd;
    return getsockopt(fd, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &size) < 0 ? -1 : pidfd;
}

int vipns_peer_groups(int fd, unsigned *groups, unsigned *count) {
    socklen_t size = *count * sizeof(gid_t);
    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size) < 0) return -1;
    *count = size / sizeof(gid_t);
    return 0;
}

int vipns_netns_cookie(int fd, uint64_t *cookie) {
    socklen_t size = sizeof *cookie;
    return getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, cookie, &size);
}

static int unix_address(const char *path, struct sockaddr_un *address, socklen_t *size) {
    size_t length = strlen(path);
    if (length >= sizeof address->sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    memcpy(address->sun_path, path, length + 1);
    *size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + 1);
    if (path[0] == '@') {
        /* The NUL at the end would be a part of the name. */
        address->sun_path[0] = '\0';
        --*size;
    }
    return 0;
}

int vipns_unix_connect(int fd, const char *path) {
    struct sockaddr_un address;
    socklen_t size;
    if (unix_address(path, &address, &size) < 0) return -1;
    return connect(fd, (struct sockaddr *)&address, size);
}

int vipns_unix_bind(int fd, const char *path) {
    struct sockaddr_un address;
    socklen_t size;
    if (unix_address(path, &address, &size) < 0) return -1;
    return bind(fd, (struct sockaddr *)&address, size);
}

int vipns_socket_stream(void) { return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0); }
int vipns_socket_seqpacket(void) { return socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0); }
int vipns_socket_datagram(void) { return socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0); }

int vipns_socketpair_seqpacket(int ends[2]) {
    return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends);
}

int vipns_socketpair_stream(int ends[2]) {
    return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends);
}

int vipns_accept(int fd, int nonblocking) {
    return accept4(fd, NULL, NULL, SOCK_CLOEXEC | (nonblocking ? SOCK_NONBLOCK : 0));
}

int vipns_refuse_descriptors(int fd) {
    int off = 0;
    return setsockopt(fd, SOL_SOCKET, SO_PASSRIGHTS, &off, sizeof off);
}

int vipns_socket_timeouts(int fd, long milliseconds) {
    struct timeval limit = {.tv_sec = milliseconds / 1000, .tv_usec = (milliseconds % 1000) * 1000};
    if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) < 0) return -1;
    return setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
}

long vipns_send(int fd, const void *bytes, size_t size, int descriptor) {
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

long vipns_receive(int fd, void *bytes, size_t size, int *descriptors, int limit, int *count) {
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
        if ((message.msg_flags & MSG_TRUNC) || excess) {
            errno = EMSGSIZE;
            return -1;
        }
        /* There was room for all that are taken: the kernel had no number to give. */
        kept = -1;
    }
    *count = kept;
    return got;
}
