// Counts what a program asks of the heap. Whoever links this has the C library's allocation functions
// replaced by ones that count, while counting is on, and then do the same.
#pragma once

#include <stdint.h>

// Begins or ends counting, in all threads.
void muster_count_allocations(int32_t on);

// How often memory was asked for while counting was on.
uint64_t muster_allocations(void);
