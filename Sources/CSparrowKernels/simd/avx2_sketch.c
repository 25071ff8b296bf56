// Look-ups of 32 rows at once with AVX2.
#if defined(__x86_64__)
#include "avx2.h"
#include "kernels.h"

SK_INLINE void sketch_half(
  const uint8_t *codes, const uint8_t *tables, int32_t pairs, uint16_t *sums) {
  const __m256i low = _mm256_set1_epi8(15), even = _mm256_set1_epi16(255);
  __m256i evens = _mm256_setzero_si256(), odds = evens;
  for (int32_t p = 0; p < pairs; p++, codes += 64, tables += 32) {
    __m256i pair = _mm256_loadu_si256((const __m256i *)codes);
    __m256i first = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)tables));
    __m256i second = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(tables + 16)));
    __m256i high = _mm256_and_si256(_mm256_srli_epi16(pair, 4), low);
    __m256i sum = _mm256_add_epi8(
      _mm256_shuffle_epi8(first, _mm256_and_si256(pair, low)),
      _mm256_shuffle_epi8(second, high));
    evens = _mm256_add_epi16(evens, _mm256_and_si256(sum, even));
    odds = _mm256_add_epi16(odds, _mm256_srli_epi16(sum, 8));
  }
  __m256i a = _mm256_unpacklo_epi16(evens, odds), b = _mm256_unpackhi_epi16(evens, odds);
  _mm_storeu_si128((__m128i *)sums, _mm256_castsi256_si128(a));
  _mm_storeu_si128((__m128i *)(sums + 8), _mm256_castsi256_si128(b));
  _mm_storeu_si128((__m128i *)(sums + 16), _mm256_extracti128_si256(a, 1));
  _mm_storeu_si128((__m128i *)(sums + 24), _mm256_extracti128_si256(b, 1));
}

SK_INLINE void sketch_sums(
  const uint8_t *codes, const uint8_t *tables, int32_t pairs, uint16_t *sums) {
  sketch_half(codes, tables, pairs, sums);
  sketch_half(codes + 32, tables, pairs, sums + 32);
}

#include "sketch.h"

#pragma clang attribute pop
#endif
