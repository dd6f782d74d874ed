#define _GNU_SOURCE
#include "CBench.h"

#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stddef.h>

static atomic_int counting;
static atomic_uint_fast64_t allocations;
static _Thread_local uint64_t own_allocations;
static _Thread_local int even;

void muster_count_allocations(int32_t on) { atomic_fetch_add(&counting, on ? 1 : -1); }

uint64_t muster_allocations(void) { return atomic_load(&allocations); }

uint64_t muster_own_allocations(void) { return own_allocations; }

#if defined(__GLIBC__) && !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__)

// The C library's own functions, under the names that it keeps for such as this.
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

// Pieces of memory have a word of the library's before them and are a multiple of 16 bytes long with it; where 16
// would be left over, they are that much longer. So those asked for here are a multiple of 32, and what is more does
// not count.
enum { word = 8, piece = 32 };
// From here on memory comes from the system, in whole pages.
enum { from_system = 1 << 25 };

static size_t (*usable_size)(void *);

__attribute__((constructor)) static void find_usable_size(void) {
    usable_size = (size_t(*)(void *))dlsym(RTLD_NEXT, "malloc_usable_size");
}

void muster_even_allocations(int32_t on) {
    if (on) { mallopt(M_MMAP_THRESHOLD, from_system); }
    even += on ? 1 : -1;
}

static size_t evened(size_t size) {
    if (!even || size > SIZE_MAX / 2) { return size; }
    return ((size + word + piece - 1) & ~(size_t)(piece - 1)) - word;
}

size_t malloc_usable_size(void *memory) {
    if (memory == NULL || usable_size == NULL) { return 0; }
    size_t size = usable_size(memory);
    return even && size >= piece ? ((size + word) & ~(size_t)(piece - 1)) - word : size;
}

static void note(void) {
    if (atomic_load_explicit(&counting, memory_order_relaxed)) {
        atomic_fetch_add_explicit(&allocations, 1, memory_order_relaxed);
        own_allocations++;
    }
}

void *malloc(size_t size) {
    note();
    return __libc_malloc(evened(size));
}

void *calloc(size_t count, size_t size) {
    note();
    size_t whole;
    if (!even || __builtin_mul_overflow(count, size, &whole)) { return __libc_calloc(count, size); }
    return __libc_calloc(1, evened(whole));
}

void *realloc(void *memory, size_t size) {
    note();
    return __libc_realloc(memory, size == 0 ? 0 : evened(size));
}

void *memalign(size_t alignment, size_t size) {
    note();
    return __libc_memalign(alignment, evened(size));
}

void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }

int posix_memalign(void **memory, size_t alignment, size_t size) {
    if (alignment % sizeof(void *) != 0 || (alignment & (alignment - 1)) != 0) { return EINVAL; }
    void *taken = memalign(alignment, size);
    if (taken == NULL) { return ENOMEM; }
    *memory = taken;
    return 0;
}

#else

void muster_even_allocations(int32_t on) {}

#endif
