/* Processes: pidfd_open(2), setfsuid(2), capabilities(7), and starting a child. */
#define _GNU_SOURCE
#include "clinux.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Debian 12's headers are older than the kernels that we use. */
#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1U << 2)
#endif

int vipns_pidfd_open(int pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }

int vipns_pidfd_signal(int pidfd, int signal) {
    return (int)syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0);
}

int vipns_pidfd_getfd(int pidfd, int descriptor) {
    return (int)syscall(SYS_pidfd_getfd, pidfd, descriptor, 0);
}

int vipns_close_on_exec_from(unsigned first) {
    return (int)syscall(SYS_close_range, first, ~0U, CLOSE_RANGE_CLOEXEC);
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

int vipns_has_capability(int capability) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {{0}};
    if (syscall(SYS_capget, &header, data) < 0) return -1;
    return (data[CAP_TO_INDEX(capability)].effective & CAP_TO_MASK(capability)) != 0;
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
