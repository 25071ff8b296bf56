/// Vectors of 16 floats for the shared bodies. A file includes this once, first, and ends with
/// `#pragma clang attribute pop`: everything between is compiled for AVX-512 with VNNI.
#pragma once
#include "../internal.h"

#include <immintrin.h>

#pragma clang attribute push( \
  __attribute__((target("avx2,fma,f16c,avx512f,avx512bw,avx512vl,avx512dq,avx512vnni"))), \
  apply_to = function)

#define VW 16
#define SK_NAME(x) x##_avx512
typedef __m512 vf;

SK_INLINE vf v_zero(void) { return _mm512_setzero_ps(); }
SK_INLINE vf v_set1(float x) { return _mm512_set1_ps(x); }
SK_INLINE vf v_load(const float *p) { return _mm512_loadu_ps(p); }
SK_INLINE void v_store(float *p, vf x) { _mm512_storeu_ps(p, x); }
SK_INLINE __mmask16 v_first(int32_t n) { return (__mmask16)((1u << n) - 1); }
SK_INLINE vf v_load_part(const float *p, int32_t n) { return _mm512_maskz_loadu_ps(v_first(n), p); }
SK_INLINE void v_store_part(float *p, vf x, int32_t n) { _mm512_mask_storeu_ps(p, v_first(n), x); }

SK_INLINE vf v_load_f16(const void *p) {
  return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)p));
}
SK_INLINE vf v_load_f16_part(const void *p, int32_t n) {
  return _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(v_first(n), p));
}
SK_INLINE vf v_load_bf16(const void *p) {
  __m256i bits = _mm256_loadu_si256((const __m256i *)p);
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(bits), 16));
}
SK_INLINE vf v_load_bf16_part(const void *p, int32_t n) {
  __m256i bits = _mm256_maskz_loadu_epi16(v_first(n), p);
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(bits), 16));
}
/// Signed bytes; the low or the high four bits of bytes.
SK_INLINE vf v_load_i8(const void *p) {
  return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128((const __m128i *)p)));
}
SK_INLINE vf v_load_low4(const void *p) {
  __m512i bytes = _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)p));
  return _mm512_cvtepi32_ps(_mm512_and_si512(bytes, _mm512_set1_epi32(15)));
}
SK_INLINE vf v_load_high4(const void *p) {
  __m512i bytes = _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)p));
  return _mm512_cvtepi32_ps(_mm512_srli_epi32(bytes, 4));
}
SK_INLINE void v_store_f16(uint16_t *p, vf x) {
  _mm256_storeu_si256((__m256i *)p, _mm512_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT));
}
SK_INLINE void v_store_f16_part(uint16_t *p, vf x, int32_t n) {
  _mm256_mask_storeu_epi16(p, v_first(n), _mm512_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT));
}

SK_INLINE vf v_add(vf a, vf b) { return _mm512_add_ps(a, b); }
SK_INLINE vf v_sub(vf a, vf b) { return _mm512_sub_ps(a, b); }
SK_INLINE vf v_mul(vf a, vf b) { return _mm512_mul_ps(a, b); }
SK_INLINE vf v_div(vf a, vf b) { return _mm512_div_ps(a, b); }
/// a * b + c
SK_INLINE vf v_fma(vf a, vf b, vf c) { return _mm512_fmadd_ps(a, b, c); }
/// c - a * b
SK_INLINE vf v_fnma(vf a, vf b, vf c) { return _mm512_fnmadd_ps(a, b, c); }
/// a > b ? a : b, so that a NaN in `a` is passed over.
SK_INLINE vf v_max(vf a, vf b) { return _mm512_max_ps(a, b); }
/// a < b ? a : b
SK_INLINE vf v_min(vf a, vf b) { return _mm512_min_ps(a, b); }
SK_INLINE vf v_abs(vf x) { return _mm512_abs_ps(x); }
/// |size| with the sign of `sign`
SK_INLINE vf v_with_sign(vf size, vf sign) {
  return _mm512_or_ps(v_abs(size), _mm512_and_ps(sign, v_set1(-0.0f)));
}
SK_INLINE vf v_round(vf x) {
  return _mm512_roundscale_ps(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
/// x * 2^n, n whole
SK_INLINE vf v_scale2(vf x, vf n) { return _mm512_scalef_ps(x, n); }
/// a < b ? x : y
SK_INLINE vf v_select_less(vf a, vf b, vf x, vf y) {
  return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(a, b, _CMP_LT_OQ), y, x);
}
/// Bit i: a[i] >= b[i]; bit i: a[i] == b[i].
SK_INLINE uint32_t v_bits_at_least(vf a, vf b) { return _mm512_cmp_ps_mask(a, b, _CMP_GE_OQ); }
SK_INLINE uint32_t v_bits_equal(vf a, vf b) { return _mm512_cmp_ps_mask(a, b, _CMP_EQ_OQ); }
SK_INLINE vf v_iota(void) {
  return _mm512_setr_ps(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
}
SK_INLINE float v_hmax(vf x) { return _mm512_reduce_max_ps(x); }

/// Writes the sums of four vectors. Lanes meet in one order (8 apart, 4, 2, 1), for every tile
/// alike.
SK_INLINE void v_store_sums(float *y, vf a, vf b, vf c, vf d) {
  vf ab = v_add(_mm512_shuffle_f32x4(a, b, 0x44), _mm512_shuffle_f32x4(a, b, 0xee));
  vf cd = v_add(_mm512_shuffle_f32x4(c, d, 0x44), _mm512_shuffle_f32x4(c, d, 0xee));
  vf s = v_add(_mm512_shuffle_f32x4(ab, cd, 0x88), _mm512_shuffle_f32x4(ab, cd, 0xdd));
  s = v_add(s, _mm512_permute_ps(s, 0x4e));
  s = v_add(s, _mm512_permute_ps(s, 0xb1));
  __m512i pick = _mm512_castsi128_si512(_mm_setr_epi32(0, 4, 8, 12));
  _mm_storeu_ps(y, _mm512_castps512_ps128(_mm512_permutexvar_ps(pick, s)));
}

SK_INLINE float v_hsum(vf x) {
  float sums[4];
  v_store_sums(sums, x, x, x, x);
  return sums[0];
}

/// Splits 32 floats into those of even and of odd index, and joins them again.
SK_INLINE void v_load_pairs(const float *p, vf *even, vf *odd) {
  vf a = v_load(p), b = v_load(p + 16);
  __m512i pick =
    _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
  *even = _mm512_permutex2var_ps(a, pick, b);
  *odd = _mm512_permutex2var_ps(a, _mm512_add_epi32(pick, _mm512_set1_epi32(1)), b);
}
SK_INLINE void v_store_pairs(float *p, vf even, vf odd) {
  __m512i low = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  v_store(p, _mm512_permutex2var_ps(even, low, odd));
  v_store(p + 16, _mm512_permutex2var_ps(even, _mm512_add_epi32(low, _mm512_set1_epi32(8)), odd));
}

/// Transposes 16 rows of 16.
SK_INLINE void v_transpose(vf r[16]) {
  vf s[16];
#pragma unroll
  for (int i = 0; i < 16; i += 2) {
    s[i] = _mm512_unpacklo_ps(r[i], r[i + 1]);
    s[i + 1] = _mm512_unpackhi_ps(r[i], r[i + 1]);
  }
#pragma unroll
  for (int i = 0; i < 16; i += 4) {
    r[i] = _mm512_shuffle_ps(s[i], s[i + 2], 0x44);
    r[i + 1] = _mm512_shuffle_ps(s[i], s[i + 2], 0xee);
    r[i + 2] = _mm512_shuffle_ps(s[i + 1], s[i + 3], 0x44);
    r[i + 3] = _mm512_shuffle_ps(s[i + 1], s[i + 3], 0xee);
  }
#pragma unroll
  for (int i = 0; i < 4; i++) {
    vf a = _mm512_shuffle_f32x4(r[i], r[i + 4], 0x88);
    vf b = _mm512_shuffle_f32x4(r[i], r[i + 4], 0xdd);
    vf c = _mm512_shuffle_f32x4(r[i + 8], r[i + 12], 0x88);
    vf d = _mm512_shuffle_f32x4(r[i + 8], r[i + 12], 0xdd);
    s[i] = _mm512_shuffle_f32x4(a, c, 0x88);
    s[i + 8] = _mm512_shuffle_f32x4(a, c, 0xdd);
    s[i + 4] = _mm512_shuffle_f32x4(b, d, 0x88);
    s[i + 12] = _mm512_shuffle_f32x4(b, d, 0xdd);
  }
#pragma unroll
  for (int i = 0; i < 16; i++) r[i] = s[i];
}
