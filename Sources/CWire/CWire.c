#include "CWire.h"

#include <string.h>

// Which instructions there are is asked at run time, and only the functions marked so use them: a
// program that is built here also runs on a processor without them.
#if defined(__x86_64__)

#include <cpuid.h>
#include <nmmintrin.h>

#define WITH_CRC __attribute__((target("sse4.2")))
#define CRC_8(crc, word) ((uint32_t)_mm_crc32_u64(crc, word))
#define CRC_1(crc, byte) _mm_crc32_u8(crc, byte)

int muster_crc32c_is_there(void) {
    unsigned int a = 0, b = 0, c = 0, d = 0;
    return __get_cpuid(1, &a, &b, &c, &d) && (c & bit_SSE4_2) != 0;
}

#elif defined(__aarch64__) && defined(__linux__) && !defined(__AARCH64EB__)

#include <sys/auxv.h>

#define HAS_CRC_BIT (1UL << 7) // HWCAP_CRC32
#define WITH_CRC

// As words of assembler, since the compiler knows the intrinsics only where the baseline has them.
static inline uint32_t crc_8(uint32_t crc, uint64_t word) {
    __asm__(".arch_extension crc\n\tcrc32cx %w0, %w0, %x1" : "+r"(crc) : "r"(word));
    return crc;
}

static inline uint32_t crc_1(uint32_t crc, uint32_t byte) {
    __asm__(".arch_extension crc\n\tcrc32cb %w0, %w0, %w1" : "+r"(crc) : "r"(byte));
    return crc;
}

#define CRC_8(crc, word) crc_8(crc, word)
#define CRC_1(crc, byte) crc_1(crc, byte)

int muster_crc32c_is_there(void) { return (getauxval(AT_HWCAP) & HAS_CRC_BIT) != 0; }

#endif

#ifdef WITH_CRC

static inline uint64_t word_at(const uint8_t *bytes) {
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

WITH_CRC uint32_t muster_crc32c_feed(uint32_t crc, const uint8_t *bytes, size_t count) {
    for (; count >= 8; bytes += 8, count -= 8) crc = CRC_8(crc, word_at(bytes));
    for (; count > 0; bytes += 1, count -= 1) crc = CRC_1(crc, *bytes);
    return crc;
}

WITH_CRC void muster_crc32c_feed_three(
    uint32_t *first, uint32_t *second, uint32_t *third, const uint8_t *bytes, size_t stride) {
    uint32_t a = *first, b = *second, c = *third;
    for (size_t i = 0; i < stride; i += 8) {
        a = CRC_8(a, word_at(bytes + i));
        b = CRC_8(b, word_at(bytes + stride + i));
        c = CRC_8(c, word_at(bytes + 2 * stride + i));
    }
    *first = a;
    *second = b;
    *third = c;
}

#else

int muster_crc32c_is_there(void) { return 0; }

uint32_t muster_crc32c_feed(uint32_t crc, const uint8_t *bytes, size_t count) {
    __builtin_trap();
}

void muster_crc32c_feed_three(
    uint32_t *first, uint32_t *second, uint32_t *third, const uint8_t *bytes, size_t stride) {
    __builtin_trap();
}

#endif
