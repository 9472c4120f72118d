#define _GNU_SOURCE
#include "clinux.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <grp.h>
#include <linux/if.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/fsuid.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/time.h>
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
#ifndef SO_PASSRIGHTS
#define SO_PASSRIGHTS 83
#endif
#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1U << 2)
#endif

const char *vipns_error_text(int number) { return strerrordesc_np(number); }

const int vipns_clone_newnet = CLONE_NEWNET;
const int vipns_clone_newns = CLONE_NEWNS;
const int vipns_clone_newpid = CLONE_NEWPID;

int vipns_unshare(int flags) { return unshare(flags); }
int vipns_setns(int fd, int type) { return setns(fd, type); }

int vipns_is_nsfs(int fd) {
    struct statfs facts;
    if (fstatfs(fd, &facts) < 0) return -1;
    return facts.f_type == NSFS_MAGIC;
}
int vipns_is_nsfs_path(const char *path) {
    struct statfs facts;
    if (statfs(path, &facts) < 0) return -1;
    return facts.f_type == NSFS_MAGIC;
}
int vipns_ns_type(int fd) { return ioctl(fd, NS_GET_NSTYPE); }
int vipns_ns_owner(int fd) { return ioctl(fd, NS_GET_USERNS); }

int vipns_mount_proc(void) {
    /* By number: the C library has names for them from 2.36 on. */
    int filesystem = (int)syscall(SYS_fsopen, "proc", FSOPEN_CLOEXEC);
    if (filesystem < 0) return -1;
    int tree = -1;
    if (syscall(SYS_fsconfig, filesystem, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
        tree = (int)syscall(SYS_fsmount, filesystem, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
    int error = errno;
    close(filesystem);
    errno = error;
    return tree;
}

int vipns_pidfd_open(int pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }
int vipns_pidfd_signal(int pidfd, int signal) {
    return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0);
}
int vipns_pidfd_getfd(int pidfd, int descriptor) {
    return (int)syscall(SYS_pidfd_getfd, pidfd, descriptor, 0);
}
int vipns_terminal_columns(int fd) {
    struct winsize size;
    return ioctl(fd, TIOCGWINSZ, &size) < 0 ? -1 : size.ws_col;
}
int vipns_close_on_exec_from(unsigned first) {
    return (int)syscall(SYS_close_range, first, ~0U, CLOSE_RANGE_CLOEXEC);
}

/* Unix sockets: unix(7). */

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

int vipns_hear_losses(int fd) {
    int on = 1;
    /* A filter reads halfwords in network order, and netlink writes them in the host's. */
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_H | BPF_ABS, offsetof(struct nlmsghdr, nlmsg_type)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_DELLINK), 8, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_DELADDR), 7, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_DELROUTE), 6, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htons(RTM_NEWLINK), 0, 6),
        /* A link that was set down: one that is new is down too, and says that all has changed; one renamed, nothing. */
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, NLMSG_HDRLEN + offsetof(struct ifinfomsg, ifi_flags)),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, htonl(IFF_UP), 4, 0),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, NLMSG_HDRLEN + offsetof(struct ifinfomsg, ifi_change)),
        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, htonl(IFF_UP), 0, 2),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ~0U, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, ~0U),
        BPF_STMT(BPF_RET | BPF_K, 0),
    };
    struct sock_fprog filter = {.len = sizeof code / sizeof code[0], .filter = code};
    if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) < 0) return -1;
    return setsockopt(fd, SOL_NETLINK, NETLINK_LISTEN_ALL_NSID, &on, sizeof on);
}

long vipns_receive_numbered(int fd, void *bytes, size_t size, int *number) {
    struct iovec part = {.iov_base = bytes, .iov_len = size};
    union {
        char room[CMSG_SPACE(sizeof(int)) * 4];
        struct cmsghdr align;
    } control;
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.room, .msg_controllen = sizeof control.room};
    ssize_t got = recvmsg(fd, &message, MSG_DONTWAIT);
    *number = -1;
    if (got < 0) return -1;
    for (struct cmsghdr *header = CMSG_FIRSTHDR(&message); header; header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level == SOL_NETLINK && header->cmsg_type == NETLINK_LISTEN_ALL_NSID)
            memcpy(number, CMSG_DATA(header), sizeof *number);
    }
    return got;
}

int vipns_set_file_system_user(unsigned uid) {
    int before;
    if (gettid() == getpid()) {
        errno = EPERM;
        return -1;
    }
    before = setfsuid(uid);
    /* It tells the former one in any case; for -1, who is nobody, it tells the one in force. */
    if ((unsigned)setfsuid(-1) == uid) return before;
    errno = EPERM;
    return -1;
}

int vipns_set_receive_buffer(int fd, int octets) {
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &octets, sizeof octets) == 0) return 0;
    return setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &octets, sizeof octets);
}

int vipns_has_capability(int capability) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {{0}};
    if (syscall(SYS_capget, &header, data) < 0) return -1;
    return (data[CAP_TO_INDEX(capability)].effective & CAP_TO_MASK(capability)) != 0;
}

/* Asks one thing of a link; netdevice(7). */
static int ask_link(int fd, unsigned long what, const char *name, struct ifreq *request) {
    memset(request, 0, sizeof *request);
    if (strlen(name) >= sizeof request->ifr_name) {
        errno = ENODEV;
        return -1;
    }
    strcpy(request->ifr_name, name);
    return ioctl(fd, what, request);
}

int vipns_link_flags(int fd, const char *name) {
    struct ifreq request;
    return ask_link(fd, SIOCGIFFLAGS, name, &request) < 0 ? -1 : (unsigned short)request.ifr_flags;
}

int vipns_link_mac(int fd, const char *name, unsigned char *octets) {
    struct ifreq request;
    if (ask_link(fd, SIOCGIFHWADDR, name, &request) < 0) return -1;
    memcpy(octets, request.ifr_hwaddr.sa_data, 6);
    return 0;
}

int vipns_hear_arp_replies(int fd) {
    struct sock_filter code[] = {
        /* The operation, after the Ethernet header: RFC 826. */
        BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 14 + 6),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 2, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, 42),
        BPF_STMT(BPF_RET | BPF_K, 0),
    };
    struct sock_fprog filter = {.len = sizeof code / sizeof code[0], .filter = code};
    struct sockaddr_ll all = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ARP)};
    if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) < 0) return -1;
    return bind(fd, (struct sockaddr *)&all, sizeof all);
}

int vipns_link_mtu(int fd, const char *name) {
    struct ifreq request;
    return ask_link(fd, SIOCGIFMTU, name, &request) < 0 ? -1 : request.ifr_mtu;
}

int vipns_bind_mount(const char *source, const char *target) {
    return mount(source, target, NULL, MS_BIND, NULL);
}
int vipns_make_private(const char *target) {
    return mount(NULL, target, NULL, MS_PRIVATE, NULL);
}
int vipns_make_tree_private(const char *target) {
    return mount(NULL, target, NULL, MS_REC | MS_PRIVATE, NULL);
}
int vipns_mount(const char *type, const char *target, const char *options) {
    return mount(type, target, type, MS_NOSUID | MS_NODEV, options);
}
int vipns_detach_mount(const char *target) { return umount2(target, MNT_DETACH | UMOUNT_NOFOLLOW); }

int vipns_is_mount_root(const char *path) {
    struct statx facts;
    if (statx(AT_FDCWD, path, 0, STATX_TYPE, &facts) < 0) return -1;
    return (facts.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

int vipns_signal_descriptor(const int *signals, int count) {
    sigset_t set;
    sigemptyset(&set);
    for (int i = 0; i < count; i++) sigaddset(&set, signals[i]);
    if (sigprocmask(SIG_BLOCK, &set, NULL) < 0) return -1;
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int vipns_next_signal(int fd) {
    struct signalfd_siginfo signal;
    ssize_t got = read(fd, &signal, sizeof signal);
    return got == (ssize_t)sizeof signal ? (int)signal.ssi_signo : 0;
}

int vipns_epoll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }

int vipns_epoll_add(int epoll, int fd, int for_writing, uint64_t number) {
    struct epoll_event event = {.events = for_writing ? EPOLLOUT : EPOLLIN, .data.u64 = number};
    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

int vipns_epoll_remove(int epoll, int fd) { return epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL); }

int vipns_epoll_wait(int epoll, uint64_t *numbers, int limit, int milliseconds) {
    struct epoll_event events[64];
    int count = epoll_wait(epoll, events, limit < 64 ? limit : 64, milliseconds);
    for (int i = 0; i < count; i++) numbers[i] = events[i].data.u64;
    return count;
}

int vipns_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

int vipns_next_option(
    int argc, char *const *argv, const struct vipns_option *table, int count, const char **value, int *rest) {
    struct option options[32];
    int found;
    if (count > 31) return -2;
    memset(options, 0, sizeof options);
    for (int i = 0; i < count; i++) {
        options[i].name = table[i].name;
        options[i].has_arg = table[i].takes_value;
        /* Above all characters, which getopt_long gives for short options. */
        options[i].val = 256 + i;
    }
    found = getopt_long(argc, argv, "", options, NULL);
    *value = optarg;
    *rest = optind;
    if (found == -1) return -1;
    return found >= 256 ? found - 256 : -2;
}

/* Between fork and exec only async-signal-safe calls are allowed; signal-safety(7). */
static void become(const struct vipns_child *child, int report) {
    int wanted[3] = {child->input, child->output, child->error};
    sigset_t none;
    int failure;

    /* A caller without descriptors 0 to 2 may have been given one of them for the pipe. */
    report = fcntl(report, F_DUPFD_CLOEXEC, 10);
    if (report < 0) _exit(127);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    if (child->detached && setsid() < 0) goto failed;
    /* First move them out of the way of 0 to 2, so that no dup2 overwrites one that is still needed. */
    for (int i = 0; i < 3; i++) {
        if (wanted[i] < 0) wanted[i] = open("/dev/null", i == 0 ? O_RDONLY : O_WRONLY);
        if (wanted[i] < 0) goto failed;
        wanted[i] = fcntl(wanted[i], F_DUPFD, 10);
        if (wanted[i] < 0) goto failed;
    }
    for (int i = 0; i < 3; i++) {
        if (dup2(wanted[i], i) < 0) goto failed;
    }
    if (vipns_close_on_exec_from(3) < 0) goto failed;
    if (child->set_ids) {
        if (setgroups(0, NULL) < 0) goto failed;
        if (setresgid(child->gid, child->gid, child->gid) < 0) goto failed;
        if (setresuid(child->uid, child->uid, child->uid) < 0) goto failed;
    }
    /* After the change of ids, which clears it; prctl(2). */
    if (child->die_with_parent && prctl(PR_SET_PDEATHSIG, SIGKILL) < 0) goto failed;
    execve(child->program, child->arguments, child->environment);
failed:
    failure = errno;
    while (write(report, &failure, sizeof failure) < 0 && errno == EINTR) {
    }
    _exit(127);
}

int vipns_spawn(const struct vipns_child *child) {
    int report[2];
    int failure = 0;
    ssize_t got;
    pid_t pid;

    if (pipe2(report, O_CLOEXEC) < 0) return -1;
    pid = fork();
    if (pid == 0) {
        close(report[0]);
        become(child, report[1]);
    }
    failure = errno;
    close(report[1]);
    if (pid < 0) {
        close(report[0]);
        errno = failure;
        return -1;
    }
    /* The pipe closes at exec, or brings the errno of what failed. */
    do {
        got = read(report[0], &failure, sizeof failure);
    } while (got < 0 && errno == EINTR);
    close(report[0]);
    if (got == (ssize_t)sizeof failure) {
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
        }
        errno = failure;
        return -1;
    }
    return pid;
}
