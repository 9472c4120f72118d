/* Netlink sockets: netlink(7). */
#define _GNU_SOURCE
#include "clinux.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if.h>
#include <string.h>
#include <sys/socket.h>

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

int vipns_set_receive_buffer(int fd, int octets) {
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &octets, sizeof octets) == 0) return 0;
    return setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &octets, sizeof octets);
}
