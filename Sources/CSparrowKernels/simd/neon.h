/// Vectors of 4 floats for the shared bodies. A file includes this once, first, and ends with
/// `#pragma clang attribute pop`: everything between is compiled for Armv8.2 with dot products.
#pragma once
#include "../internal.h"

#include <arm_neon.h>

#pragma clang attribute push(__attribute__((target("dotprod"))), apply_to = function)

#define VW 4
#define SK_NAME(x) x##_neon
typedef float32x4_t vf;

SK_INLINE vf v_zero(void) { return vdupq_n_f32(0); }
SK_INLINE vf v_set1(float x) { return vdupq_n_f32(x); }
SK_INLINE vf v_load(const float *p) { return vld1q_f32(p); }
SK_INLINE void v_store(float *p, vf x) { vst1q_f32(p, x); }
SK_INLINE vf v_load_part(const float *p, int32_t n) {
  float part[4] = {0};
  memcpy(part, p, (size_t)n * 4);
  return v_load(part);
}
SK_INLINE void v_store_part(float *p, vf x, int32_t n) {
  float part[4];
  v_store(part, x);
  memcpy(p, part, (size_t)n * 4);
}

SK_INLINE uint16x4_t v_halves(const void *p, int32_t n) {
  uint16_t part[4] = {0};
  memcpy(part, p, (size_t)n * 2);
  return vld1_u16(part);
}
SK_INLINE vf v_from_f16(uint16x4_t bits) { return vcvt_f32_f16(vreinterpret_f16_u16(bits)); }
SK_INLINE vf v_from_bf16(uint16x4_t bits) { return vreinterpretq_f32_u32(vshll_n_u16(bits, 16)); }
SK_INLINE vf v_load_f16(const void *p) { return v_from_f16(v_halves(p, 4)); }
SK_INLINE vf v_load_f16_part(const void *p, int32_t n) { return v_from_f16(v_halves(p, n)); }
SK_INLINE vf v_load_bf16(const void *p) { return v_from_bf16(v_halves(p, 4)); }
SK_INLINE vf v_load_bf16_part(const void *p, int32_t n) { return v_from_bf16(v_halves(p, n)); }
/// Signed bytes; the low or the high four bits of bytes.
SK_INLINE vf v_load_i8(const void *p) {
  int8_t bytes[8] = {0};
  memcpy(bytes, p, 4);
  return vcvtq_f32_s32(vmovl_s16(vget_low_s16(vmovl_s8(vld1_s8(bytes)))));
}
SK_INLINE uint32x4_t v_bytes(const void *p) {
  uint8_t bytes[8] = {0};
  memcpy(bytes, p, 4);
  return vmovl_u16(vget_low_u16(vmovl_u8(vld1_u8(bytes))));
}
SK_INLINE vf v_load_low4(const void *p) {
  return vcvtq_f32_u32(vandq_u32(v_bytes(p), vdupq_n_u32(15)));
}
SK_INLINE vf v_load_high4(const void *p) { return vcvtq_f32_u32(vshrq_n_u32(v_bytes(p), 4)); }
SK_INLINE void v_store_f16_part(uint16_t *p, vf x, int32_t n) {
  uint16_t part[4];
  vst1_u16(part, vreinterpret_u16_f16(vcvt_f16_f32(x)));
  memcpy(p, part, (size_t)n * 2);
}
SK_INLINE void v_store_f16(uint16_t *p, vf x) { v_store_f16_part(p, x, 4); }

SK_INLINE vf v_add(vf a, vf b) { return vaddq_f32(a, b); }
SK_INLINE vf v_sub(vf a, vf b) { return vsubq_f32(a, b); }
SK_INLINE vf v_mul(vf a, vf b) { return vmulq_f32(a, b); }
SK_INLINE vf v_div(vf a, vf b) { return vdivq_f32(a, b); }
/// a * b + c
SK_INLINE vf v_fma(vf a, vf b, vf c) { return vfmaq_f32(c, a, b); }
/// c - a * b
SK_INLINE vf v_fnma(vf a, vf b, vf c) { return vfmsq_f32(c, a, b); }
/// a > b ? a : b, so that a NaN in `a` is passed over (as x86 has it; Arm's own maximum keeps it).
SK_INLINE vf v_max(vf a, vf b) { return vbslq_f32(vcgtq_f32(a, b), a, b); }
/// a < b ? a : b
SK_INLINE vf v_min(vf a, vf b) { return vbslq_f32(vcltq_f32(a, b), a, b); }
SK_INLINE vf v_abs(vf x) { return vabsq_f32(x); }
/// |size| with the sign of `sign`
SK_INLINE vf v_with_sign(vf size, vf sign) {
  return vbslq_f32(vdupq_n_u32(0x80000000), sign, size);
}
SK_INLINE vf v_round(vf x) { return vrndnq_f32(x); }
SK_INLINE vf v_power2(int32x4_t n) {
  return vreinterpretq_f32_s32(vshlq_n_s32(vaddq_s32(n, vdupq_n_s32(127)), 23));
}
/// x * 2^n, n whole and within -252...252: in two factors, since one may exceed float's exponents.
SK_INLINE vf v_scale2(vf x, vf n) {
  int32x4_t whole = vcvtnq_s32_f32(n), half = vshrq_n_s32(whole, 1);
  return v_mul(v_mul(x, v_power2(half)), v_power2(vsubq_s32(whole, half)));
}
/// a < b ? x : y
SK_INLINE vf v_select_less(vf a, vf b, vf x, vf y) { return vbslq_f32(vcltq_f32(a, b), x, y); }
SK_INLINE uint32_t v_bits(uint32x4_t mask) {
  static const uint32_t bit[4] = {1, 2, 4, 8};
  return vaddvq_u32(vandq_u32(mask, vld1q_u32(bit)));
}
/// Bit i: a[i] >= b[i]; bit i: a[i] == b[i].
SK_INLINE uint32_t v_bits_at_least(vf a, vf b) { return v_bits(vcgeq_f32(a, b)); }
SK_INLINE uint32_t v_bits_equal(vf a, vf b) { return v_bits(vceqq_f32(a, b)); }
SK_INLINE vf v_iota(void) {
  static const float lanes[4] = {0, 1, 2, 3};
  return v_load(lanes);
}
SK_INLINE float v_hmax(vf x) { return vmaxnmvq_f32(x); }

/// Writes the sums of four vectors.
SK_INLINE void v_store_sums(float *y, vf a, vf b, vf c, vf d) {
  v_store(y, vpaddq_f32(vpaddq_f32(a, b), vpaddq_f32(c, d)));
}

SK_INLINE float v_hsum(vf x) {
  float sums[4];
  v_store_sums(sums, x, x, x, x);
  return sums[0];
}

/// Splits 8 floats into those of even and of odd index, and joins them again.
SK_INLINE void v_load_pairs(const float *p, vf *even, vf *odd) {
  float32x4x2_t v = vld2q_f32(p);
  *even = v.val[0];
  *odd = v.val[1];
}
SK_INLINE void v_store_pairs(float *p, vf even, vf odd) {
  float32x4x2_t both = {{even, odd}};
  vst2q_f32(p, both);
}

/// Transposes 4 rows of 4.
SK_INLINE void v_transpose(vf r[4]) {
  float64x2_t a = vreinterpretq_f64_f32(vtrn1q_f32(r[0], r[1]));
  float64x2_t b = vreinterpretq_f64_f32(vtrn2q_f32(r[0], r[1]));
  float64x2_t c = vreinterpretq_f64_f32(vtrn1q_f32(r[2], r[3]));
  float64x2_t d = vreinterpretq_f64_f32(vtrn2q_f32(r[2], r[3]));
  r[0] = vreinterpretq_f32_f64(vtrn1q_f64(a, c));
  r[1] = vreinterpretq_f32_f64(vtrn1q_f64(b, d));
  r[2] = vreinterpretq_f32_f64(vtrn2q_f64(a, c));
  r[3] = vreinterpretq_f32_f64(vtrn2q_f64(b, d));
}
