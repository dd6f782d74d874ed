#define _GNU_SOURCE
#include "CPlatform.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

int muster_accept(int listener, void *address, uint32_t *length) {
    return accept4(listener, address, length, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

int muster_pipe(int *read_end, int *write_end) {
    int ends[2];
    int result = pipe2(ends, O_CLOEXEC);
    if (result == 0) {
        *read_end = ends[0];
        *write_end = ends[1];
    }
    return result;
}

void muster_name_thread(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }

int muster_die_with_parent(void) {
    return prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 ? 0 : errno;
}

int muster_reserve(int file, int64_t offset, int64_t length) {
    return fallocate(file, 0, offset, length);
}

int64_t muster_random(void *buffer, uint64_t length) { return getrandom(buffer, length, 0); }

#ifndef __has_feature
#define __has_feature(name) 0
#endif

#if defined(__SANITIZE_THREAD__) || __has_feature(thread_sanitizer)
void __tsan_acquire(void *address);
void __tsan_release(void *address);
void muster_lock_acquired(const void *lock) { __tsan_acquire((void *)lock); }
void muster_lock_released(const void *lock) { __tsan_release((void *)lock); }
#else
void muster_lock_acquired(const void *lock) { (void)lock; }
void muster_lock_released(const void *lock) { (void)lock; }
#endif
