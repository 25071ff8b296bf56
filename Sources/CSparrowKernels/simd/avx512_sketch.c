// Look-ups of 64 rows at once with AVX-512.
#if defined(__x86_64__)
#include "avx512.h"
#include "kernels.h"

SK_INLINE void sketch_sums(
  const uint8_t *codes, const uint8_t *tables, int32_t pairs, uint16_t *sums) {
  const __m512i low = _mm512_set1_epi8(15), even = _mm512_set1_epi16(255);
  __m512i evens = _mm512_setzero_si512(), odds = evens;
  for (int32_t p = 0; p < pairs; p++, codes += 64, tables += 32) {
    __m512i pair = _mm512_loadu_si512(codes);
    __m512i first = _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)tables));
    __m512i second = _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)(tables + 16)));
    __m512i high = _mm512_and_si512(_mm512_srli_epi16(pair, 4), low);
    // Entries are at most 127, so that a pair's sum stays in a byte.
    __m512i sum = _mm512_add_epi8(
      _mm512_shuffle_epi8(first, _mm512_and_si512(pair, low)),
      _mm512_shuffle_epi8(second, high));
    evens = _mm512_add_epi16(evens, _mm512_and_si512(sum, even));
    odds = _mm512_add_epi16(odds, _mm512_srli_epi16(sum, 8));
  }
  // 128-bit lanes hold rows 16i...16i+15: even rows in one register, odd ones in the other.
  __m512i a = _mm512_unpacklo_epi16(evens, odds), b = _mm512_unpackhi_epi16(evens, odds);
  for (int32_t lane = 0; lane < 4; lane++) {
    __m128i x, y;
    switch (lane) {
    case 0: x = _mm512_extracti32x4_epi32(a, 0), y = _mm512_extracti32x4_epi32(b, 0); break;
    case 1: x = _mm512_extracti32x4_epi32(a, 1), y = _mm512_extracti32x4_epi32(b, 1); break;
    case 2: x = _mm512_extracti32x4_epi32(a, 2), y = _mm512_extracti32x4_epi32(b, 2); break;
    default: x = _mm512_extracti32x4_epi32(a, 3), y = _mm512_extracti32x4_epi32(b, 3);
    }
    _mm_storeu_si128((__m128i *)(sums + lane * 16), x);
    _mm_storeu_si128((__m128i *)(sums + lane * 16 + 8), y);
  }
}

#include "sketch.h"

#pragma clang attribute pop
#endif
