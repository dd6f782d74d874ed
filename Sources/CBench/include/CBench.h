// Counts what a program asks of the heap. Whoever links this has the C library's allocation functions
// replaced by ones that count, while counting is on, and then do the same.
#pragma once

#include <stdint.h>

// Begins or ends counting, in all threads: as often as it was begun it has to be ended.
void muster_count_allocations(int32_t on);

// How often memory was asked for while counting was on.
uint64_t muster_allocations(void);

// How often the calling thread did.
uint64_t muster_own_allocations(void);

// Begins or ends, for the calling thread, to give pieces of memory whose size follows from what was asked alone. As a
// rule it also depends on what lies beside them; an array takes all that it is given, so when it has to ask again would
// depend on that. The size of a piece must not be asked by a thread with this on when one without it has got it.
void muster_even_allocations(int32_t on);
