/// Integer vectors of 64 bytes for `blocks.h`.
#pragma once

/// 1: `i_dot` takes eight-bit weights less their offset of 128.
#define V_SIGNED_BYTES 0
typedef __m512i vi;

/// What a lane's scale and minimum are multiplied by.
typedef struct {
  vf scale, minimum;
} steps_of;

SK_INLINE vi i_zero(void) { return _mm512_setzero_si512(); }
SK_INLINE vi i_set1(int8_t x) { return _mm512_set1_epi8(x); }
SK_INLINE vi i_all(int32_t x) { return _mm512_set1_epi32(x); }
SK_INLINE vi i_load(const void *p) { return _mm512_loadu_si512(p); }
SK_INLINE void i_store(void *p, vi x) { _mm512_storeu_si512(p, x); }
SK_INLINE vi i_and(vi a, vi b) { return _mm512_and_si512(a, b); }
SK_INLINE vi i_or(vi a, vi b) { return _mm512_or_si512(a, b); }
/// a | (b & c)
SK_INLINE vi i_or_and(vi a, vi b, vi c) { return _mm512_ternarylogic_epi32(a, b, c, 0xf8); }
/// Bytes shifted left (right, if `n` is negative); bits that cross from a neighbour are garbage.
SK_INLINE vi i_shift(vi x, const int n) {
  return n == 0  ? x
         : n > 0 ? _mm512_slli_epi16(x, (unsigned)n)
                 : _mm512_srli_epi16(x, (unsigned)-n);
}
SK_INLINE vi i_shift32(vi x, const int n) { return _mm512_slli_epi32(x, (unsigned)n); }
SK_INLINE vi i_sub32(vi a, vi b) { return _mm512_sub_epi32(a, b); }
SK_INLINE vf i_floats(vi x) { return _mm512_cvtepi32_ps(x); }
/// The bytes of a table of 16 that `x` names.
SK_INLINE vi i_lookup(const uint8_t table[16], vi x) {
  return _mm512_shuffle_epi8(_mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)table)), x);
}
/// Lane sums of four products of unsigned weights and signed inputs, added to `sum`.
SK_INLINE vi i_dot(vi sum, vi w, vi x, const int bits) {
  (void)bits;
  return _mm512_dpbusd_epi32(sum, w, x);
}
/// The first `n` lanes; the others 0.
SK_INLINE vi i_first_lanes(vi x, int n) {
  return _mm512_maskz_mov_epi32((__mmask16)((1u << n) - 1), x);
}
/// 64 nibbles of 32 bytes: the low ones first.
SK_INLINE vi i_half_nibbles(const uint8_t *p, const int h) {
  (void)h;
  __m256i half = _mm256_loadu_si256((const __m256i *)p);
  vi both = _mm512_inserti64x4(_mm512_castsi256_si512(half), _mm256_srli_epi16(half, 4), 1);
  return _mm512_and_si512(both, i_set1(15));
}
/// `value` in each byte whose bit is set among the 64 at `p`.
SK_INLINE vi i_mask(const uint8_t *p, const int8_t value, const int h) {
  (void)h;
  uint64_t mask;
  memcpy(&mask, p, 8);
  return _mm512_maskz_mov_epi8(mask, i_set1(value));
}

/// Float16 numbers of G blocks, lane j: block j % G.
SK_INLINE vf v_block_floats(const uint8_t *p, const int G, const int h) {
  (void)h;
  if (G == 16) return v_load_f16(p);
  if (G == 8) return _mm512_broadcast_f32x8(_mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)p)));
  if (G == 4) return _mm512_broadcast_f32x4(_mm_cvtph_ps(_mm_loadl_epi64((const __m128i *)p)));
  __m128 v = _mm_cvtph_ps(_mm_loadu_si32(p));
  return _mm512_castpd_ps(_mm512_broadcastsd_pd(_mm_castps_pd(v)));
}
/// Four float16 numbers: lanes 0-7 alternate the first two, lanes 8-15 the others.
SK_INLINE vf v_pair_floats(const uint8_t *p, const int h) {
  (void)h;
  vf v = _mm512_castps128_ps512(_mm_cvtph_ps(_mm_loadl_epi64((const __m128i *)p)));
  __m512i pick = _mm512_setr_epi32(0, 1, 0, 1, 0, 1, 0, 1, 2, 3, 2, 3, 2, 3, 2, 3);
  return _mm512_permutexvar_ps(pick, v);
}
/// Lane j's float16 number where 256 columns share one: that of block j % G.
SK_INLINE vf v_span_floats(const uint8_t *p, const int G, const int h) {
  (void)h;
  if (G < 16) {
    uint16_t half;
    memcpy(&half, p, 2);
    return v_set1(_cvtsh_ss(half));
  }
  __m128 v = _mm_cvtph_ps(_mm_loadu_si32(p));
  const __m512i pick = _mm512_setr_epi32(0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1);
  return _mm512_permutexvar_ps(pick, _mm512_castps128_ps512(v));
}
/// The low or the high halves of G bytes, lane j: byte j % G.
SK_INLINE __m512i i_steps(const uint8_t *p, const int G) {
  return _mm512_cvtepu8_epi32(
    G == 16 ? _mm_loadu_si128((const __m128i *)p)
            : _mm_broadcastq_epi64(_mm_loadl_epi64((const __m128i *)p)));
}
SK_INLINE vf v_byte_steps(const uint8_t *p, const int G, const int h) {
  (void)h;
  const __m128i bytes = G == 16 ? _mm_loadu_si128((const __m128i *)p)
                                : _mm_broadcastq_epi64(_mm_loadl_epi64((const __m128i *)p));
  return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(bytes));
}
SK_INLINE vf v_low_steps(const uint8_t *p, const int G, const int h) {
  (void)h;
  return _mm512_cvtepi32_ps(_mm512_and_si512(i_steps(p, G), _mm512_set1_epi32(15)));
}
SK_INLINE vf v_high_steps(const uint8_t *p, const int G, const int h) {
  (void)h;
  return _mm512_cvtepi32_ps(_mm512_srli_epi32(i_steps(p, G), 4));
}
/// Steps of 6 bits: a lane's two bits above the fourth come to bits 4 and 5, the minimum's to the
/// next two.
SK_INLINE steps_of v_six_steps(const uint8_t *p, const int G, const int h) {
  (void)h;
  const __m512i low = i_steps(p, G);
  const __m512i left = G == 16
    ? _mm512_setr_epi32(4, 4, 4, 4, 4, 4, 4, 4, 0, 0, 0, 0, 0, 0, 0, 0)
    : _mm512_setr_epi32(4, 4, 4, 4, 0, 0, 0, 0, 4, 4, 4, 4, 0, 0, 0, 0);
  const __m128i bytes = G == 16 ? _mm_broadcastq_epi64(_mm_loadl_epi64((const __m128i *)(p + 16)))
                                : _mm_broadcastd_epi32(_mm_loadu_si32(p + 8));
  const __m512i high = _mm512_sllv_epi32(_mm512_cvtepu8_epi32(bytes), left);
  const __m512i mask = _mm512_set1_epi32(48);
  const __m512i scale = i_or_and(_mm512_and_si512(low, _mm512_set1_epi32(15)), high, mask);
  const __m512i minimum =
    i_or_and(_mm512_srli_epi32(low, 4), _mm512_srli_epi32(high, 2), mask);
  return (steps_of){_mm512_cvtepi32_ps(scale), _mm512_cvtepi32_ps(minimum)};
}
/// Rounds to nearest, ties to even; values lie in -127...127.
SK_INLINE void v_store_int8(int8_t *p, vf x) {
  _mm_storeu_si128((__m128i *)p, _mm512_cvtepi32_epi8(_mm512_cvtps_epi32(x)));
}
