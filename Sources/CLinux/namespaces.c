/* Namespaces: unshare(2), setns(2), ioctl_ns(2). */
#define _GNU_SOURCE
#include "clinux.h"

#include <linux/magic.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/statfs.h>

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
