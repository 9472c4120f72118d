/* What a program asks of the C library: getopt_long(3), strerrordesc_np(3), ioctl_tty(2). */
#define _GNU_SOURCE
#include "clinux.h"

#include <getopt.h>
#include <string.h>
#include <sys/ioctl.h>

const char *vipns_error_text(int number) { return strerrordesc_np(number); }

int vipns_terminal_columns(int fd) {
    struct winsize size;
    return ioctl(fd, TIOCGWINSZ, &size) < 0 ? -1 : size.ws_col;
}

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
