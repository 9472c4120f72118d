/* Mounts: mount(2), umount(2), fsopen(2), statx(2). */
#define _GNU_SOURCE
#include "clinux.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

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
