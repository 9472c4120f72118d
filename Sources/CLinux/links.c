/* Links, and what their neighbours say: netdevice(7), packet(7). */
#define _GNU_SOURCE
#include "clinux.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

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
