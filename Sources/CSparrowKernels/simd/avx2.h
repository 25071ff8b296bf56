/// Vectors of 8 floats for the shared bodies. A file includes this once, first, and ends with
/// `#pragma clang attribute pop`: everything between is compiled for AVX2 with FMA and F16C.
#pragma once
#include "../internal.h"

#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)

#define VW 8
#define SK_NAME(x) x##_avx2
typedef __m256 vf;

SK_INLINE vf v_zero(void) { return _mm256_setzero_ps(); }
SK_INLINE vf v_set1(float x) { return _mm256_set1_ps(x); }
SK_INLINE vf v_load(const float *p) { return _mm256_loadu_ps(p); }
SK_INLINE void v_store(float *p, vf x) { _mm256_storeu_ps(p, x); }
SK_INLINE __m256i v_first(int32_t n) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
SK_INLINE vf v_load_part(const float *p, int32_t n) { return _mm256_maskload_ps(p, v_first(n)); }
SK_INLINE void v_store_part(float *p, vf x, int32_t n) { _mm256_maskstore_ps(p, v_first(n), x); }

SK_INLINE vf v_load_f16(const void *p) {
  return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)p));
}
SK_INLINE vf v_load_f16_part(const void *p, int32_t n) {
  uint16_t halves[8] = {0};
  memcpy(halves, p, (size_t)n * 2);
  return v_load_f16(halves);
}
SK_INLINE vf v_load_bf16(const void *p) {
  __m128i bits = _mm_loadu_si128((const __m128i *)p);
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(bits), 16));
}
SK_INLINE vf v_load_bf16_part(const void *p, int32_t n) {
  uint16_t halves[8] = {0};
  memcpy(halves, p, (size_t)n * 2);
  return v_load_bf16(halves);
}
/// Signed bytes; the low or the high four bits of bytes.
SK_INLINE vf v_load_i8(const void *p) {
  return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)p)));
}
SK_INLINE vf v_load_low4(const void *p) {
  __m256i bytes = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)p));
  return _mm256_cvtepi32_ps(_mm256_and_si256(bytes, _mm256_set1_epi32(15)));
}
SK_INLINE vf v_load_high4(const void *p) {
  __m256i bytes = _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)p));
  return _mm256_cvtepi32_ps(_mm256_srli_epi32(bytes, 4));
}
SK_INLINE void v_store_f16(uint16_t *p, vf x) {
  _mm_storeu_si128((__m128i *)p, _mm256_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT));
}
SK_INLINE void v_store_f16_part(uint16_t *p, vf x, int32_t n) {
  uint16_t halves[8];
  v_store_f16(halves, x);
  memcpy(p, halves, (size_t)n * 2);
}

SK_INLINE vf v_add(vf a, vf b) { return _mm256_add_ps(a, b); }
SK_INLINE vf v_sub(vf a, vf b) { return _mm256_sub_ps(a, b); }
SK_INLINE vf v_mul(vf a, vf b) { return _mm256_mul_ps(a, b); }
SK_INLINE vf v_div(vf a, vf b) { return _mm256_div_ps(a, b); }
/// a * b + c
SK_INLINE vf v_fma(vf a, vf b, vf c) { return _mm256_fmadd_ps(a, b, c); }
/// c - a * b
SK_INLINE vf v_fnma(vf a, vf b, vf c) { return _mm256_fnmadd_ps(a, b, c); }
/// a > b ? a : b, so that a NaN in `a` is passed over.
SK_INLINE vf v_max(vf a, vf b) { return _mm256_max_ps(a, b); }
/// a < b ? a : b
SK_INLINE vf v_min(vf a, vf b) { return _mm256_min_ps(a, b); }
SK_INLINE vf v_abs(vf x) { return _mm256_andnot_ps(v_set1(-0.0f), x); }
/// |size| with the sign of `sign`
SK_INLINE vf v_with_sign(vf size, vf sign) {
  return _mm256_or_ps(v_abs(size), _mm256_and_ps(sign, v_set1(-0.0f)));
}
SK_INLINE vf v_round(vf x) {
  return _mm256_round_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
SK_INLINE vf v_power2(__m256i n) {
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(n, _mm256_set1_epi32(127)), 23));
}
/// x * 2^n, n whole and within -252...252: in two factors, since one may exceed float's exponents.
SK_INLINE vf v_scale2(vf x, vf n) {
  __m256i whole = _mm256_cvtps_epi32(n), half = _mm256_srai_epi32(whole, 1);
  return v_mul(v_mul(x, v_power2(half)), v_power2(_mm256_sub_epi32(whole, half)));
}
/// a < b ? x : y
SK_INLINE vf v_select_less(vf a, vf b, vf x, vf y) {
  return _mm256_blendv_ps(y, x, _mm256_cmp_ps(a, b, _CMP_LT_OQ));
}
/// Bit i: a[i] >= b[i]; bit i: a[i] == b[i].
SK_INLINE uint32_t v_bits_at_least(vf a, vf b) {
  return (uint32_t)_mm256_movemask_ps(_mm256_cmp_ps(a, b, _CMP_GE_OQ));
}
SK_INLINE uint32_t v_bits_equal(vf a, vf b) {
  return (uint32_t)_mm256_movemask_ps(_mm256_cmp_ps(a, b, _CMP_EQ_OQ));
}
SK_INLINE vf v_iota(void) { return _mm256_setr_ps(0, 1, 2, 3, 4, 5, 6, 7); }
SK_INLINE float v_hmax(vf x) {
  __m128 m = _mm_max_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
  m = _mm_max_ps(m, _mm_movehl_ps(m, m));
  return _mm_cvtss_f32(_mm_max_ss(m, _mm_shuffle_ps(m, m, 1)));
}

/// Writes the sums of four vectors.
SK_INLINE void v_store_sums(float *y, vf a, vf b, vf c, vf d) {
  vf s = _mm256_hadd_ps(_mm256_hadd_ps(a, b), _mm256_hadd_ps(c, d));
  _mm_storeu_ps(y, _mm_add_ps(_mm256_castps256_ps128(s), _mm256_extractf128_ps(s, 1)));
}

SK_INLINE float v_hsum(vf x) {
  float sums[4];
  v_store_sums(sums, x, x, x, x);
  return sums[0];
}

/// Splits 16 floats into those of even and of odd index, and joins them again.
SK_INLINE void v_load_pairs(const float *p, vf *even, vf *odd) {
  vf a = _mm256_permute2f128_ps(v_load(p), v_load(p + 8), 0x20);
  vf b = _mm256_permute2f128_ps(v_load(p), v_load(p + 8), 0x31);
  *even = _mm256_shuffle_ps(a, b, 0x88);
  *odd = _mm256_shuffle_ps(a, b, 0xdd);
}
SK_INLINE void v_store_pairs(float *p, vf even, vf odd) {
  vf a = _mm256_unpacklo_ps(even, odd), b = _mm256_unpackhi_ps(even, odd);
  v_store(p, _mm256_permute2f128_ps(a, b, 0x20));
  v_store(p + 8, _mm256_permute2f128_ps(a, b, 0x31));
}

/// Transposes 8 rows of 8.
SK_INLINE void v_transpose(vf r[8]) {
  vf s[8];
#pragma unroll
  for (int i = 0; i < 8; i += 2) {
    s[i] = _mm256_unpacklo_ps(r[i], r[i + 1]);
    s[i + 1] = _mm256_unpackhi_ps(r[i], r[i + 1]);
  }
#pragma unroll
  for (int i = 0; i < 8; i += 4) {
    r[i] = _mm256_shuffle_ps(s[i], s[i + 2], 0x44);
    r[i + 1] = _mm256_shuffle_ps(s[i], s[i + 2], 0xee);
    r[i + 2] = _mm256_shuffle_ps(s[i + 1], s[i + 3], 0x44);
    r[i + 3] = _mm256_shuffle_ps(s[i + 1], s[i + 3], 0xee);
  }
#pragma unroll
  for (int i = 0; i < 4; i++) {
    s[i] = _mm256_permute2f128_ps(r[i], r[i + 4], 0x20);
    s[i + 4] = _mm256_permute2f128_ps(r[i], r[i + 4], 0x31);
  }
#pragma unroll
  for (int i = 0; i < 8; i++) r[i] = s[i];
}
