// ggml's blocks as integers and float16 scales. Loading a model reads all of them: inner loops run
// over neighbours, so that compilers make vectors of them.
#include "CSparrowBlocks.h"
#include "half.h"

// MARK: - Blocks of 32

static void read_nibbles(const uint8_t *p, uint8_t *quants) {
  for (int i = 0; i < 16; i++) quants[i] = p[i] & 15;
  for (int i = 0; i < 16; i++) quants[i + 16] = p[i] >> 4;
}

static void read_fifth_bits(const uint8_t *p, uint8_t *quants) {
  uint32_t bits;
  memcpy(&bits, p, 4);
  for (int i = 0; i < 32; i++) quants[i] |= (bits >> i & 1) << 4;
}

/// Unsigned, with the offset 128: flipping the top bit is adding 128.
static void read_bytes(const uint8_t *p, int count, uint8_t *quants) {
  for (int i = 0; i < count; i++) quants[i] = p[i] ^ 128;
}

/// A scale is a power of two, 2^(exponent - 127), here of half the numbers; the greatest exponent
/// is no number.
static void read_mxfp4(const uint8_t *p, sb_weights *w) {
  const uint32_t exponent = p[0];
  const uint32_t bits = exponent < 2 ? 0x200000u << exponent : (exponent - 1) << 23;
  w->scales[0] = exponent == 255 ? 0x7e00 : sb_float_half(sb_bits_float(bits));
  read_nibbles(p + 1, w->quants);
}

// MARK: - Blocks of 256

/// The 6-bit scale and minimum of block `i` of a Q4_K or Q5_K super-block.
static void read_k_scale(const uint8_t *p, int i, int8_t *scale, int8_t *minimum) {
  if (i < 4) {
    *scale = p[i] & 63;
    *minimum = p[i + 4] & 63;
  } else {
    *scale = (int8_t)((p[i + 4] & 15) | (p[i - 4] >> 6) << 4);
    *minimum = (int8_t)(p[i + 4] >> 4 | (p[i] >> 6) << 4);
  }
}

static void read_k_scales(const uint8_t *p, sb_weights *w) {
  memcpy(w->minimums, p + 2, 2);
  w->minimums[0] ^= 0x8000;
  for (int i = 0; i < 8; i++) read_k_scale(p + 4, i, w->steps + i, w->minimum_steps + i);
}

/// 6 bits, of 32 more than the step: the four low bits and the two above.
static int8_t step_of(int low, int two) { return (int8_t)((low | two << 4) - 32); }

/// 64 bytes: in each half of the block, its four quarters one above the other.
static void read_pairs(const uint8_t *p, uint8_t *quants) {
  for (int half = 0; half < 2; half++, p += 32)
    for (int shift = 0; shift < 8; shift += 2, quants += 32)
      for (int i = 0; i < 32; i++) quants[i] = p[i] >> shift & 3;
}

/// Pairs of `span` weights, one in the low and one in the high halves of as many bytes.
static void read_halves(const uint8_t *p, int span, uint8_t *quants) {
  for (int start = 0; start < 256; start += 2 * span, p += span, quants += 2 * span) {
    for (int i = 0; i < span; i++) quants[i] = p[i] & 15;
    for (int i = 0; i < span; i++) quants[i + span] = p[i] >> 4;
  }
}

/// A bit of each weight from 32 bytes: that of block i is bit i.
static void add_bits(const uint8_t *p, int place, uint8_t *quants) {
  for (int block = 0; block < 8; block++, quants += 32)
    for (int i = 0; i < 32; i++) quants[i] |= (uint8_t)((p[i] >> block & 1) << place);
}

static void read_q2_k(const uint8_t *p, sb_weights *w) {
  for (int i = 0; i < 16; i++) {
    w->steps[i] = p[i] & 15;
    w->minimum_steps[i] = (int8_t)(p[i] >> 4);
  }
  read_pairs(p + 16, w->quants);
  memcpy(w->scales, p + 80, 2);
  memcpy(w->minimums, p + 82, 2);
  w->minimums[0] ^= 0x8000;
}

static void read_q3_k(const uint8_t *p, sb_weights *w) {
  const uint8_t *high = p, *scales = p + 96;
  memcpy(w->scales, p + 108, 2);
  read_pairs(p + 32, w->quants);
  add_bits(high, 2, w->quants);
  for (int i = 0; i < 16; i++)
    w->steps[i] = step_of(scales[i % 8] >> i / 8 * 4 & 15, scales[8 + i % 4] >> i / 4 * 2 & 3);
}

static void read_q4_k(const uint8_t *p, sb_weights *w) {
  read_k_scales(p, w);
  read_halves(p + 16, 32, w->quants);
}

static void read_q5_k(const uint8_t *p, sb_weights *w) {
  read_k_scales(p, w);
  read_halves(p + 48, 32, w->quants);
  add_bits(p + 16, 4, w->quants);
}

static void read_q6_k(const uint8_t *p, sb_weights *w) {
  const uint8_t *high = p + 128;
  memcpy(w->scales, p + 208, 2);
  memcpy(w->steps, p + 192, 16);
  uint8_t pairs[256];
  read_halves(p, 64, w->quants);
  read_pairs(high, pairs);
  for (int i = 0; i < 256; i++) w->quants[i] |= (uint8_t)(pairs[i] << 4);
}

static void read_q8_k(const uint8_t *p, sb_weights *w) {
  float d;
  memcpy(&d, p, 4);
  for (int i = 0; i < 8; i++) w->scales[i] = sb_float_half(d);
  read_bytes(p + 4, 256, w->quants);
}

static void read_iq4_xs(const uint8_t *p, sb_weights *w) {
  uint16_t high;
  memcpy(&high, p + 2, 2);
  for (int i = 0; i < 8; i++) {
    w->steps[i] = step_of(p[4 + i / 2] >> i % 2 * 4 & 15, high >> 2 * i & 3);
    read_nibbles(p + 8 + 16 * i, w->quants + 32 * i);
  }
}

// MARK: - Three values

/// Quants of 0, 1 and 2 mean -1, 0 and 1: all blocks' steps are 1.
static void set_ternary(const uint8_t *scale, sb_weights *w) {
  memset(w->steps, 1, sizeof w->steps);
  memset(w->minimum_steps, 1, sizeof w->minimum_steps);
  memcpy(w->scales, scale, 2);
  w->minimums[0] = w->scales[0] ^ 0x8000;
}

/// Digits of base 3, the first one first, as a fraction of 256 in a byte.
static void read_digits(const uint8_t *p, int bytes, int digits, uint8_t *quants) {
  static const uint8_t powers[5] = {1, 3, 9, 27, 81};
  for (int digit = 0; digit < digits; digit++)
    for (int i = 0; i < bytes; i++)
      *quants++ = (uint8_t)((uint8_t)(p[i] * powers[digit]) * 3 >> 8);
}

static void read_tq1_0(const uint8_t *p, sb_weights *w) {
  read_digits(p, 32, 5, w->quants);
  read_digits(p + 32, 16, 5, w->quants + 160);
  read_digits(p + 48, 4, 4, w->quants + 240);
  set_ternary(p + 52, w);
}

static void read_tq2_0(const uint8_t *p, sb_weights *w) {
  read_pairs(p, w->quants);
  set_ternary(p + 64, w);
}

// MARK: - All

void sb_read_block(sb_type type, const uint8_t *p, sb_weights *w) {
  memcpy(w->scales, p, 2);
  switch (type) {
  case SB_Q4_0:
  case SB_IQ4_NL: read_nibbles(p + 2, w->quants); return;
  case SB_Q4_1:
    memcpy(w->minimums, p + 2, 2);
    read_nibbles(p + 4, w->quants);
    return;
  case SB_Q5_0:
    read_nibbles(p + 6, w->quants);
    read_fifth_bits(p + 2, w->quants);
    return;
  case SB_Q5_1:
    memcpy(w->minimums, p + 2, 2);
    read_nibbles(p + 8, w->quants);
    read_fifth_bits(p + 4, w->quants);
    return;
  case SB_Q8_0: read_bytes(p + 2, 32, w->quants); return;
  case SB_MXFP4: read_mxfp4(p, w); return;
  case SB_Q2_K: read_q2_k(p, w); return;
  case SB_Q3_K: read_q3_k(p, w); return;
  case SB_Q4_K: read_q4_k(p, w); return;
  case SB_Q5_K: read_q5_k(p, w); return;
  case SB_Q6_K: read_q6_k(p, w); return;
  case SB_Q8_K: read_q8_k(p, w); return;
  case SB_IQ4_XS: read_iq4_xs(p, w); return;
  case SB_TQ1_0: read_tq1_0(p, w); return;
  case SB_TQ2_0: read_tq2_0(p, w); return;
  default: return;
  }
}

void sb_round_steps(sb_type type, sb_weights *w) {
  const sb_block b = sb_block_of(type);
  if (!b.steps) return;
  const float scale = sb_half_float(w->scales[0]);
  const float minimum = b.minimums ? sb_half_float(w->minimums[0]) : 0;
  for (int i = 0; i < b.weights / b.span; i++) {
    w->scales[i] = sb_float_half(scale * w->steps[i]);
    if (b.minimums) w->minimums[i] = sb_float_half(minimum * w->minimum_steps[i]);
  }
}
