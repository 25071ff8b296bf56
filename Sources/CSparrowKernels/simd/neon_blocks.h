/// Integer vectors of 16 bytes for `blocks.h`: a quarter of a chunk.
#pragma once

/// 1: `i_dot` takes eight-bit weights less their offset of 128.
#define V_SIGNED_BYTES 1
typedef uint8x16_t vi;

SK_INLINE int32x4_t i_words(vi x) { return vreinterpretq_s32_u8(x); }
SK_INLINE vi i_bytes(int32x4_t x) { return vreinterpretq_u8_s32(x); }

/// What a lane's scale and minimum are multiplied by.
typedef struct {
  vf scale, minimum;
} steps_of;

SK_INLINE vi i_zero(void) { return vdupq_n_u8(0); }
SK_INLINE vi i_set1(int8_t x) { return vdupq_n_u8((uint8_t)x); }
SK_INLINE vi i_all(int32_t x) { return i_bytes(vdupq_n_s32(x)); }
SK_INLINE vi i_load(const void *p) { return vld1q_u8(p); }
SK_INLINE void i_store(void *p, vi x) { vst1q_u8(p, x); }
SK_INLINE vi i_and(vi a, vi b) { return vandq_u8(a, b); }
SK_INLINE vi i_or(vi a, vi b) { return vorrq_u8(a, b); }
/// a | (b & c)
SK_INLINE vi i_or_and(vi a, vi b, vi c) { return i_or(a, i_and(b, c)); }
/// Bytes shifted left (right, if `n` is negative).
SK_INLINE vi i_shift(vi x, const int n) { return vshlq_u8(x, vdupq_n_s8((int8_t)n)); }
SK_INLINE vi i_shift32(vi x, const int n) {
  return i_bytes(vshlq_s32(i_words(x), vdupq_n_s32(n)));
}
SK_INLINE vi i_sub32(vi a, vi b) { return i_bytes(vsubq_s32(i_words(a), i_words(b))); }
SK_INLINE vf i_floats(vi x) { return vcvtq_f32_s32(i_words(x)); }
/// The bytes of a table of 16 that `x` names.
SK_INLINE vi i_lookup(const uint8_t table[16], vi x) { return vqtbl1q_u8(vld1q_u8(table), x); }
/// Lane sums of four products, added to `sum`. `sdot` takes both as signed: eight-bit weights lose
/// their offset.
SK_INLINE vi i_dot(vi sum, vi w, vi x, const int bits) {
  if (bits == 8) w = veorq_u8(w, i_set1(-128));
  return i_bytes(vdotq_s32(i_words(sum), vreinterpretq_s8_u8(w), vreinterpretq_s8_u8(x)));
}
/// The first `n` lanes; the others 0.
SK_INLINE vi i_first_lanes(vi x, int n) {
  static const int32_t lanes[4] = {0, 1, 2, 3};
  return i_and(x, vreinterpretq_u8_u32(vcltq_s32(vld1q_s32(lanes), vdupq_n_s32(n))));
}
/// Part `h` of 64 nibbles of 32 bytes: the low ones first.
SK_INLINE vi i_half_nibbles(const uint8_t *p, const int h) {
  vi pair = i_load(p + h % 2 * 16);
  return h < 2 ? i_and(pair, i_set1(15)) : i_shift(pair, -4);
}
/// `value` in each byte whose bit is set among part `h` of the 64 at `p`.
SK_INLINE vi i_mask(const uint8_t *p, const int8_t value, const int h) {
  static const uint8_t bits[8] = {1, 2, 4, 8, 16, 32, 64, 128};
  vi bytes = vcombine_u8(vdup_n_u8(p[2 * h]), vdup_n_u8(p[2 * h + 1]));
  return i_and(vtstq_u8(bytes, vcombine_u8(vld1_u8(bits), vld1_u8(bits))), i_set1(value));
}

/// Part `h` of float16 numbers of G blocks, lane j: block j % G.
SK_INLINE vf v_block_floats(const uint8_t *p, const int G, const int h) {
  if (G > 2) return v_load_f16(p + h * 8 % (2 * G));
  uint32_t pair;
  memcpy(&pair, p, 4);
  return v_from_f16(vreinterpret_u16_u32(vdup_n_u32(pair)));
}
/// Four float16 numbers: lanes 0-7 alternate the first two, lanes 8-15 the others.
SK_INLINE vf v_pair_floats(const uint8_t *p, const int h) {
  return v_block_floats(p + h / 2 * 4, 2, 0);
}
/// Lane j's float16 number where 256 columns share one: that of block j % G.
SK_INLINE vf v_span_floats(const uint8_t *p, const int G, const int h) {
  uint16_t half;
  memcpy(&half, p + (G == 16 ? h / 2 * 2 : 0), 2);
  return v_from_f16(vdup_n_u16(half));
}
/// The low or the high halves of part `h` of G bytes, lane j: byte j % G.
SK_INLINE vf v_low_steps(const uint8_t *p, const int G, const int h) {
  return v_load_low4(p + h * 4 % G);
}
SK_INLINE vf v_high_steps(const uint8_t *p, const int G, const int h) {
  return v_load_high4(p + h * 4 % G);
}
SK_INLINE vf v_byte_steps(const uint8_t *p, const int G, const int h) {
  return v_load_i8(p + h * 4 % G);
}
/// Steps of 6 bits: a lane's two bits above the fourth come to bits 4 and 5, the minimum's to the
/// next two.
SK_INLINE steps_of v_six_steps(const uint8_t *p, const int G, const int h) {
  const uint32x4_t low = v_bytes(p + h * 4 % G), mask = vdupq_n_u32(48);
  const int half = G / 2, block = h * 4 % G;
  uint32x4_t high = v_bytes(p + G + block % half);
  if (block < half) high = vshlq_n_u32(high, 4);
  const uint32x4_t scale = vorrq_u32(vandq_u32(low, vdupq_n_u32(15)), vandq_u32(high, mask));
  const uint32x4_t minimum = vorrq_u32(vshrq_n_u32(low, 4), vandq_u32(vshrq_n_u32(high, 2), mask));
  return (steps_of){vcvtq_f32_u32(scale), vcvtq_f32_u32(minimum)};
}
/// Rounds to nearest, ties to even; values lie in -127...127.
SK_INLINE void v_store_int8(int8_t *p, vf x) {
  int16x4_t shorts = vmovn_s32(vcvtnq_s32_f32(x));
  int8x8_t bytes = vmovn_s16(vcombine_s16(shorts, shorts));
  vst1_lane_s32((int32_t *)p, vreinterpret_s32_s8(bytes), 0);
}
