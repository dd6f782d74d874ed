// What Swift's Glibc module leaves out of the kernel's interface: epoll, eventfd, signalfd, and the
// calls that open a descriptor and set its flags in one step.
#pragma once

#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>

// Accepts a connection whose descriptor does not block and is not inherited by children.
// `address` has room for a `sockaddr_storage`.
int muster_accept(int listener, void *address, uint32_t *length);

// Makes a pipe whose two descriptors are not inherited by children.
int muster_pipe(int *read_end, int *write_end);

// Gives the calling thread a name of at most fifteen bytes.
void muster_name_thread(const char *name);

// Has the kernel kill this process when the thread that has started it is gone; the errno code where it cannot.
int muster_die_with_parent(void);

// Reserves room on disk for a range of a file and makes the file at least that long.
int muster_reserve(int file, int64_t offset, int64_t length);

// Fills a buffer with random bytes; returns how many it wrote, or -1.
int64_t muster_random(void *buffer, uint64_t length);

// Tell ThreadSanitizer that a lock was taken or is about to be released; nothing in other builds.
void muster_lock_acquired(const void *lock);
void muster_lock_released(const void *lock);
