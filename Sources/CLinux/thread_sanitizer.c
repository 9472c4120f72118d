/*
 * Only in a build with ThreadSanitizer: how it runs, and when a contended Mutex of Swift's Synchronization changes hands.
 *
 * The uncontended way of that lock is compiled into its users, where ThreadSanitizer sees it. The contended one is in
 * the runtime's library, which is not instrumented: without its word every hand-over there would look like a race of
 * what the lock guards. These two stand before the library's own, by their names (SE-0433; MutexHandle on Linux).
 */
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>

const char *__tsan_default_options(void);
/* A program of ours that ends waits for no race in threads that go on: others wait for its end, for a second at most. */
const char *__tsan_default_options(void)
{
    return "atexit_sleep_ms=0:halt_on_error=0:report_signal_unsafe=0:die_after_fork=0";
}

void __tsan_acquire(void *address);
void __tsan_release(void *address);

#define SWIFTCALL __attribute__((swiftcall))
#define SELF __attribute__((swift_context))

#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

typedef SWIFTCALL void (*lock_function)(uint32_t thread, SELF void *mutex);
typedef SWIFTCALL void (*unlock_function)(SELF void *mutex);

static lock_function next_lock;
static unlock_function next_unlock;

/* Before any thread is: dlsym(3) may itself wait for a lock. */
__attribute__((constructor)) static void find_next(void)
{
    next_lock = (lock_function)dlsym(RTLD_NEXT, LOCK);
    next_unlock = (unlock_function)dlsym(RTLD_NEXT, UNLOCK);
}

SWIFTCALL void vipns_lock_slow(uint32_t thread, SELF void *mutex) __asm__(LOCK);
SWIFTCALL void vipns_unlock_slow(SELF void *mutex) __asm__(UNLOCK);

SWIFTCALL void vipns_lock_slow(uint32_t thread, SELF void *mutex)
{
    next_lock(thread, mutex);
    __tsan_acquire(mutex);
}

SWIFTCALL void vipns_unlock_slow(SELF void *mutex)
{
    __tsan_release(mutex);
    next_unlock(mutex);
}
#endif
#endif
