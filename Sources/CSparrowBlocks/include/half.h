/// float16 and bfloat16 in plain C, for processors (and compilers' libraries) that lack the
/// conversions.
#pragma once
#include <stdint.h>
#include <string.h>

static inline float sb_bits_float(uint32_t bits) {
  float f;
  memcpy(&f, &bits, 4);
  return f;
}

static inline uint32_t sb_float_bits(float f) {
  uint32_t bits;
  memcpy(&bits, &f, 4);
  return bits;
}

static inline float sb_half_float(uint16_t h) {
  uint32_t sign = (uint32_t)(h & 0x8000) << 16;
  uint32_t rest = h & 0x7fff;
  if (rest >= 0x7c00) {
    // Quiet a NaN, as the hardware's conversion does.
    uint32_t quiet = rest > 0x7c00 ? 0x400000 : 0;
    return sb_bits_float(sign | 0x7f800000 | (rest & 0x3ff) << 13 | quiet);
  }
  // The exponent's bias changes by 112: multiplying does it, and makes subnormals normal.
  return sb_bits_float(sign | sb_float_bits(sb_bits_float(rest << 13) * 0x1p112f));
}

/// Rounds to nearest, ties to even.
static inline uint16_t sb_float_half(float f) {
  uint32_t bits = sb_float_bits(f);
  uint16_t sign = (uint16_t)(bits >> 16 & 0x8000);
  bits &= 0x7fffffff;
  if (bits > 0x7f800000) return sign | 0x7e00 | (uint16_t)(bits >> 13 & 0x1ff);
  if (bits >= 0x477ff000) return sign | 0x7c00;
  if (bits < 0x38800000) {
    // A subnormal: adding 0.5 leaves the rounded multiple of 2^-24 in the mantissa's low bits.
    return sign | (uint16_t)(sb_float_bits(sb_bits_float(bits) + 0.5f) - 0x3f000000);
  }
  uint32_t odd = bits >> 13 & 1;
  return sign | (uint16_t)((bits - 0x38000000 + 0xfff + odd) >> 13);
}

static inline float sb_bfloat_float(uint16_t h) { return sb_bits_float((uint32_t)h << 16); }

/// The `i`th float16 at an address of any alignment.
static inline float sb_half_at(const uint8_t *p, int32_t i) {
  uint16_t h;
  memcpy(&h, p + 2 * (int64_t)i, 2);
  return sb_half_float(h);
}
