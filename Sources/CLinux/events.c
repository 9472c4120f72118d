/* Waiting: signalfd(2), epoll(7), eventfd(2). */
#define _GNU_SOURCE
#include "clinux.h"

#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

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
