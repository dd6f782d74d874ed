// Holds the checksum instructions of this processor against the definition, bit by bit: of random bytes, at
// every alignment, for all short lengths and some long ones. `make arm64` runs it for a processor that is not here.
#include "CWire.h"

#include <stdio.h>
#include <stdlib.h>

// The definition: the polynomial 0x1EDC6F41, reflected.
static uint32_t by_bits(uint32_t crc, const uint8_t *bytes, size_t count) {
    for (size_t i = 0; i < count; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1 ? 0x82F63B78u : 0);
    }
    return crc;
}

static int checked = 0;

static void expect(const char *what, uint32_t found, uint32_t wanted, size_t start, size_t count) {
    checked++;
    if (found == wanted) return;
    printf("FAILED %s of %zu bytes at %zu: %08x, not %08x\n", what, count, start, found, wanted);
    exit(1);
}

int main(void) {
    static _Alignas(16) uint8_t bytes[8192];
    if (!muster_crc32c_is_there()) {
        printf("FAILED this processor says that it has no such instructions\n");
        return 1;
    }
    srand(1);
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (uint8_t)(rand() >> 7);
    expect("the check value", ~muster_crc32c_feed(~0u, (const uint8_t *)"123456789", 9), 0xE3069283u, 0, 9);
    for (size_t start = 0; start < 16; start++) {
        for (size_t count = 0; count < 4100; count += count < 300 ? 1 : 97) {
            uint32_t crc = (uint32_t)rand() * 3u;
            expect("one run", muster_crc32c_feed(crc, bytes + start, count), by_bits(crc, bytes + start, count),
                   start, count);
        }
        for (size_t stride = 0; stride <= 2048; stride += 8) {
            uint32_t found[3], wanted[3];
            for (int i = 0; i < 3; i++) {
                found[i] = (uint32_t)rand() * 3u;
                wanted[i] = by_bits(found[i], bytes + start + (size_t)i * stride, stride);
            }
            muster_crc32c_feed_three(&found[0], &found[1], &found[2], bytes + start, stride);
            for (int i = 0; i < 3; i++) expect("three runs", found[i], wanted[i], start, stride);
        }
    }
    printf("%d checksums as they must be\n", checked);
    return 0;
}
