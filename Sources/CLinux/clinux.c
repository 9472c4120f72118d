#include "clinux.h"

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
    if (child->new_group && setpgid(0, 0) < 0) goto failed;
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
    if (vipns_close_range_cloexec(3) < 0) goto failed;
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

pid_t vipns_spawn(const struct vipns_child *child) {
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
    close(report[1]);
    if (pid < 0) {
        failure = errno;
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
