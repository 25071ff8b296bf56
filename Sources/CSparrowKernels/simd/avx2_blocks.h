/// Integer vectors of 32 bytes for `blocks.h`: half a chunk.
#pragma once

/// 1: `i_dot` takes eight-bit weights less their offset of 128.
#define V_SIGNED_BYTES 1
typedef __m256i vi;

/// What a lane's scale and minimum are multiplied by.
typedef struct {
  vf scale, minimum;
} steps_of;

SK_INLINE vi i_zero(void) { return _mm256_setzero_si256(); }
SK_INLINE vi i_set1(int8_t x) { return _mm256_set1_epi8(x); }
SK_INLINE vi i_all(int32_t x) { return _mm256_set1_epi32(x); }
SK_INLINE vi i_load(const void *p) { return _mm256_loadu_si256((const __m256i *)p); }
SK_INLINE void i_store(void *p, vi x) { _mm256_storeu_si256((__m256i *)p, x); }
SK_INLINE vi i_and(vi a, vi b) { return _mm256_and_si256(a, b); }
SK_INLINE vi i_or(vi a, vi b) { return _mm256_or_si256(a, b); }
/// a | (b & c)
SK_INLINE vi i_or_and(vi a, vi b, vi c) { return i_or(a, i_and(b, c)); }
/// Bytes shifted left (right, if `n` is negative); bits that cross from a neighbour are garbage.
SK_INLINE vi i_shift(vi x, const int n) {
  return n == 0 ? x : n > 0 ? _mm256_slli_epi16(x, n) : _mm256_srli_epi16(x, -n);
}
SK_INLINE vi i_shift32(vi x, const int n) { return _mm256_slli_epi32(x, n); }
SK_INLINE vi i_sub32(vi a, vi b) { return _mm256_sub_epi32(a, b); }
SK_INLINE vf i_floats(vi x) { return _mm256_cvtepi32_ps(x); }
/// The bytes of a table of 16 that `x` names.
SK_INLINE vi i_lookup(const uint8_t table[16], vi x) {
  return _mm256_shuffle_epi8(
    _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)table)), x);
}
/// Lane sums of four products, added to `sum`. `vpmaddubsw` adds pairs into 16 bits, which two
/// products of eight-bit weights would overflow: those are made signed, and give their sign to the
/// input.
SK_INLINE vi i_dot(vi sum, vi w, vi x, const int bits) {
  if (bits == 8) {
    w = _mm256_xor_si256(w, i_set1(-128));
    x = _mm256_sign_epi8(x, w);
    w = _mm256_abs_epi8(w);
  }
  vi pairs = _mm256_maddubs_epi16(w, x);
  return _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}
/// The first `n` lanes; the others 0.
SK_INLINE vi i_first_lanes(vi x, int n) {
  return i_and(x, v_first(n));
}
/// Part `h` of 64 nibbles of 32 bytes: the low ones first.
SK_INLINE vi i_half_nibbles(const uint8_t *p, const int h) {
  return i_and(h == 0 ? i_load(p) : i_shift(i_load(p), -4), i_set1(15));
}
/// `value` in each byte whose bit is set among part `h` of the 64 at `p`.
SK_INLINE vi i_mask(const uint8_t *p, const int8_t value, const int h) {
  int32_t mask;
  memcpy(&mask, p + 4 * h, 4);
  // Each byte gets the mask's byte that holds its bit, then keeps that bit.
  const vi spread =
    _mm256_setr_epi64x(0, 0x0101010101010101, 0x0202020202020202, 0x0303030303030303);
  const vi bit = _mm256_set1_epi64x((int64_t)0x8040201008040201);
  vi bytes = _mm256_shuffle_epi8(_mm256_set1_epi32(mask), spread);
  return i_and(_mm256_cmpeq_epi8(i_and(bytes, bit), bit), i_set1(value));
}

/// Part `h` of float16 numbers of G blocks, lane j: block j % G.
SK_INLINE vf v_block_floats(const uint8_t *p, const int G, const int h) {
  if (G == 16) return v_load_f16(p + 16 * h);
  if (G == 8) return v_load_f16(p);
  if (G == 4) {
    __m128 v = _mm_cvtph_ps(_mm_loadl_epi64((const __m128i *)p));
    return _mm256_set_m128(v, v);
  }
  __m128 v = _mm_cvtph_ps(_mm_loadu_si32(p));
  return _mm256_castpd_ps(_mm256_broadcastsd_pd(_mm_castps_pd(v)));
}
/// Four float16 numbers: lanes 0-7 alternate the first two, lanes 8-15 the others.
SK_INLINE vf v_pair_floats(const uint8_t *p, const int h) {
  return v_block_floats(p + 4 * h, 2, 0);
}
/// Lane j's float16 number where 256 columns share one: that of block j % G.
SK_INLINE vf v_span_floats(const uint8_t *p, const int G, const int h) {
  uint16_t half;
  memcpy(&half, p + (G == 16 ? 2 * h : 0), 2);
  return v_set1(_cvtsh_ss(half));
}
/// The low or the high halves of part `h` of G bytes, lane j: byte j % G.
SK_INLINE vf v_low_steps(const uint8_t *p, const int G, const int h) {
  return v_load_low4(p + h * 8 % G);
}
SK_INLINE vf v_high_steps(const uint8_t *p, const int G, const int h) {
  return v_load_high4(p + h * 8 % G);
}
SK_INLINE vf v_byte_steps(const uint8_t *p, const int G, const int h) {
  return v_load_i8(p + h * 8 % G);
}
/// Steps of 6 bits: a lane's two bits above the fourth come to bits 4 and 5, the minimum's to the
/// next two.
SK_INLINE steps_of v_six_steps(const uint8_t *p, const int G, const int h) {
  const vi low = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)(p + h * 8 % G)));
  const vi left = G == 16 ? _mm256_set1_epi32(h == 0 ? 4 : 0)
                          : _mm256_setr_epi32(4, 4, 4, 4, 0, 0, 0, 0);
  const __m128i bytes = G == 16 ? _mm_loadl_epi64((const __m128i *)(p + 16))
                                : _mm_broadcastd_epi32(_mm_loadu_si32(p + 8));
  const vi high = _mm256_sllv_epi32(_mm256_cvtepu8_epi32(bytes), left);
  const vi mask = _mm256_set1_epi32(48);
  const vi scale = i_or_and(i_and(low, _mm256_set1_epi32(15)), high, mask);
  const vi minimum = i_or_and(_mm256_srli_epi32(low, 4), _mm256_srli_epi32(high, 2), mask);
  return (steps_of){_mm256_cvtepi32_ps(scale), _mm256_cvtepi32_ps(minimum)};
}
/// Rounds to nearest, ties to even; values lie in -127...127.
SK_INLINE void v_store_int8(int8_t *p, vf x) {
  vi words = _mm256_cvtps_epi32(x);
  __m128i upper = _mm256_extracti128_si256(words, 1);
  __m128i shorts = _mm_packs_epi32(_mm256_castsi256_si128(words), upper);
  _mm_storel_epi64((__m128i *)p, _mm_packs_epi16(shorts, shorts));
}
