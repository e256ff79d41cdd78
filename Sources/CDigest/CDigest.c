#include "CDigest.h"

#if defined(__x86_64__)

#include <cpuid.h>
#include <immintrin.h>
#include <string.h>

#define WITH_SHA __attribute__((target("sha,sse4.1")))

enum { BLOCK = 64, LANES = 4 };

int cdigest_available(void) {
  unsigned eax, ebx, ecx, edx;
  if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx) || !(ecx & bit_SSE4_1)) return 0;
  return __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) && (ebx & bit_SHA);
}

static const uint32_t round_constants[64] __attribute__((aligned(16))) = {
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be,
  0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa,
  0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85,
  0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3,
  0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f,
  0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

/* One message on its way: its blocks lie in up to three stretches, of which the first and the last are put together here. */
struct lane {
  __m128i abef, cdgh;
  const uint8_t *next;
  size_t blocks;
  const uint8_t *body;
  size_t body_blocks, tail_blocks;
  uint8_t *hash;
  uint8_t head[BLOCK], tail[2 * BLOCK];
};

/* Puts the end of a message of that many bytes, the key included, behind the `filled` bytes in the tail. */
static void end(struct lane *lane, size_t filled, uint64_t size) {
  lane->tail_blocks = filled + 9 > BLOCK ? 2 : 1;
  size_t last = lane->tail_blocks * BLOCK - 8;
  lane->tail[filled] = 0x80;
  memset(lane->tail + filled + 1, 0, last - filled - 1);
  uint64_t bits = __builtin_bswap64(size * 8);
  memcpy(lane->tail + last, &bits, 8);
}

WITH_SHA static void begin(struct lane *lane, const uint8_t *key, const uint8_t *message, size_t length, uint8_t *hash) {
  lane->abef = _mm_set_epi32(0x6a09e667, (int)0xbb67ae85, 0x510e527f, (int)0x9b05688c);
  lane->cdgh = _mm_set_epi32(0x3c6ef372, (int)0xa54ff53a, 0x1f83d9ab, 0x5be0cd19);
  lane->hash = hash;
  lane->body_blocks = 0;
  if (length < BLOCK - CDIGEST_KEY) {
    memcpy(lane->tail, key, CDIGEST_KEY);
    memcpy(lane->tail + CDIGEST_KEY, message, length);
    end(lane, CDIGEST_KEY + length, CDIGEST_KEY + length);
    lane->next = lane->tail;
    lane->blocks = lane->tail_blocks;
    lane->tail_blocks = 0;
    return;
  }
  memcpy(lane->head, key, CDIGEST_KEY);
  memcpy(lane->head + CDIGEST_KEY, message, BLOCK - CDIGEST_KEY);
  size_t rest = length - (BLOCK - CDIGEST_KEY);
  lane->body = message + BLOCK - CDIGEST_KEY;
  lane->body_blocks = rest / BLOCK;
  memcpy(lane->tail, lane->body + rest / BLOCK * BLOCK, rest % BLOCK);
  end(lane, rest % BLOCK, CDIGEST_KEY + length);
  lane->next = lane->head;
  lane->blocks = 1;
}

/* Goes to the next stretch of blocks; where there is none, writes the hash down. Returns whether there is one. */
WITH_SHA static int goes_on(struct lane *lane) {
  if (lane->body_blocks) {
    lane->next = lane->body;
    lane->blocks = lane->body_blocks;
    lane->body_blocks = 0;
    return 1;
  }
  if (lane->tail_blocks) {
    lane->next = lane->tail;
    lane->blocks = lane->tail_blocks;
    lane->tail_blocks = 0;
    return 1;
  }
  const __m128i big_endian = _mm_set_epi64x(0x0001020304050607, 0x08090a0b0c0d0e0f);
  _mm_storeu_si128((__m128i *)lane->hash, _mm_shuffle_epi8(_mm_unpackhi_epi64(lane->cdgh, lane->abef), big_endian));
  return 0;
}

/* The next `count` blocks of so many lanes, a number that the compiler knows. */
WITH_SHA __attribute__((always_inline)) static inline void compress(struct lane *lanes, size_t count, const int width) {
  const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
  __m128i abef[LANES], cdgh[LANES];
  const uint8_t *next[LANES];
  for (int lane = 0; lane < width; lane++) {
    abef[lane] = lanes[lane].abef;
    cdgh[lane] = lanes[lane].cdgh;
    next[lane] = lanes[lane].next;
    lanes[lane].next += count * BLOCK;
    lanes[lane].blocks -= count;
  }
  while (count--) {
    __m128i words[LANES][4], former_abef[LANES], former_cdgh[LANES];
    for (int lane = 0; lane < width; lane++) {
      former_abef[lane] = abef[lane];
      former_cdgh[lane] = cdgh[lane];
    }
#pragma clang loop unroll(full)
    for (int four = 0; four < 16; four++) {
      __m128i constants = _mm_load_si128((const __m128i *)(round_constants + 4 * four));
#pragma clang loop unroll(full)
      for (int lane = 0; lane < width; lane++) {
        __m128i *word = words[lane];
        if (four < 4) {
          word[four] = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(next[lane] + 16 * four)), big_endian);
        } else {
          __m128i sum = _mm_sha256msg1_epu32(word[four & 3], word[(four + 1) & 3]);
          sum = _mm_add_epi32(sum, _mm_alignr_epi8(word[(four + 3) & 3], word[(four + 2) & 3], 4));
          word[four & 3] = _mm_sha256msg2_epu32(sum, word[(four + 3) & 3]);
        }
        __m128i input = _mm_add_epi32(word[four & 3], constants);
        cdgh[lane] = _mm_sha256rnds2_epu32(cdgh[lane], abef[lane], input);
        abef[lane] = _mm_sha256rnds2_epu32(abef[lane], cdgh[lane], _mm_shuffle_epi32(input, 0x0e));
      }
    }
    for (int lane = 0; lane < width; lane++) {
      abef[lane] = _mm_add_epi32(abef[lane], former_abef[lane]);
      cdgh[lane] = _mm_add_epi32(cdgh[lane], former_cdgh[lane]);
      next[lane] += BLOCK;
    }
  }
  for (int lane = 0; lane < width; lane++) {
    lanes[lane].abef = abef[lane];
    lanes[lane].cdgh = cdgh[lane];
  }
}

WITH_SHA static void compress_all(struct lane *lanes, size_t count) { compress(lanes, count, LANES); }

WITH_SHA static void compress_one(struct lane *lane) { compress(lane, lane->blocks, 1); }

void cdigest_hash(const uint8_t *key, const uint8_t *bytes, const struct cdigest_message *messages, size_t count, void *hashes) {
  struct lane lanes[LANES];
  size_t taken = 0;
  int width = 0;
  for (; width < LANES && taken < count; width++, taken++) {
    begin(&lanes[width], key, bytes + messages[taken].start, messages[taken].length, (uint8_t *)hashes + taken * CDIGEST_HASH);
  }
  while (width == LANES) {
    size_t blocks = lanes[0].blocks;
    for (int lane = 1; lane < LANES; lane++) blocks = lanes[lane].blocks < blocks ? lanes[lane].blocks : blocks;
    compress_all(lanes, blocks);
    for (int lane = 0; lane < width; lane++) {
      if (lanes[lane].blocks || goes_on(&lanes[lane])) continue;
      if (taken < count) {
        begin(&lanes[lane], key, bytes + messages[taken].start, messages[taken].length, (uint8_t *)hashes + taken * CDIGEST_HASH);
        taken++;
      } else {
        lanes[lane--] = lanes[--width];
      }
    }
  }
  for (int lane = 0; lane < width; lane++) {
    do compress_one(&lanes[lane]);
    while (goes_on(&lanes[lane]));
  }
}

#else

int cdigest_available(void) { return 0; }

void cdigest_hash(const uint8_t *key, const uint8_t *bytes, const struct cdigest_message *messages, size_t count, void *hashes) {
  (void)key, (void)bytes, (void)messages, (void)count, (void)hashes;
  __builtin_trap();
}

#endif
