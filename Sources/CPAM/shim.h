/*
 * libpam as a module sees it (pam(3)), and as the application that the tests are. Wrapped is what Swift cannot call:
 * functions with variable arguments, and macros. The C library's headers below are those that pam_vipns uses; written in
 * Embedded Swift, it sees no other of them.
 */
#ifndef VIPNS_CPAM_SHIM_H
#define VIPNS_CPAM_SHIM_H

#include <errno.h>
#include <fcntl.h>
#include <security/pam_appl.h>
#include <security/pam_ext.h>
#include <security/pam_modules.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

/* pam_syslog(3); the text is no format. */
static inline void vipns_pam_log(const pam_handle_t *pamh, int priority, const char *text) {
    pam_syslog(pamh, priority, "%s", text);
}

/* pam_error(3); the text is no format. */
static inline int vipns_pam_error(pam_handle_t *pamh, const char *text) {
    return pam_prompt(pamh, PAM_ERROR_MSG, NULL, "%s", text);
}

/* The calling thread's errno. */
static inline int vipns_errno(void) { return errno; }

/* open(2) for reading, close-on-exec. */
static inline int vipns_open(const char *path) { return open(path, O_RDONLY | O_CLOEXEC); }

/* getrlimit(2), setrlimit(2) of RLIMIT_NOFILE. */
static inline int vipns_get_descriptor_limit(struct rlimit *limit) { return getrlimit(RLIMIT_NOFILE, limit); }
static inline int vipns_set_descriptor_limit(const struct rlimit *limit) { return setrlimit(RLIMIT_NOFILE, limit); }

#endif
