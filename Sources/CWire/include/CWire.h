// The CRC-32C instructions of the processor, which Swift has no name for. The callers ask first whether
// there are any; without them the functions below must not be called.
#pragma once

#include <stddef.h>
#include <stdint.h>

// Whether this processor has the instructions.
int muster_crc32c_is_there(void);

// Feeds bytes into a checksum register and returns what it is then.
uint32_t muster_crc32c_feed(uint32_t crc, const uint8_t *bytes, size_t count);

// Feeds three runs of bytes, one behind the other, each of `stride` bytes, a multiple of eight, into a
// register each. The three do not wait for each other, as the steps of one do.
void muster_crc32c_feed_three(
    uint32_t *first, uint32_t *second, uint32_t *third, const uint8_t *bytes, size_t stride);
