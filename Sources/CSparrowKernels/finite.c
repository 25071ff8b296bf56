// Whether weights are numbers, seen without computing them.
#include "half.h"
#include "internal.h"

/// Where a block's scales stand, 16 bits each: a block is a number if they are.
typedef struct {
  int32_t bytes;
  int32_t weights;
  int32_t scale;
  int32_t minimum;  ///< the same as `scale` where there is none
} scales;

static int32_t find_scales(sk_gguf_type type, scales *at) {
  switch (type) {
    case SK_GGUF_Q4_0: *at = (scales){18, 32, 0, 0}; return 1;
    case SK_GGUF_Q4_1: *at = (scales){20, 32, 0, 2}; return 1;
    case SK_GGUF_Q5_0: *at = (scales){22, 32, 0, 0}; return 1;
    case SK_GGUF_Q5_1: *at = (scales){24, 32, 0, 2}; return 1;
    case SK_GGUF_Q8_0: *at = (scales){34, 32, 0, 0}; return 1;
    case SK_GGUF_Q4_K: *at = (scales){144, 256, 0, 2}; return 1;
    case SK_GGUF_Q5_K: *at = (scales){176, 256, 0, 2}; return 1;
    case SK_GGUF_Q6_K: *at = (scales){210, 256, 208, 208}; return 1;
    default: return 0;
  }
}

static uint16_t half_at(const uint8_t *p) {
  uint16_t bits;
  memcpy(&bits, p, 2);
  return bits;
}

/// 1 unless one of `count` elements has all of the exponent's bits, which numbers never have.
static int32_t words_finite(const uint8_t *p, int64_t count, uint32_t exponent) {
  uint32_t found = 0;
  for (int64_t i = 0; i < count; i++) {
    uint32_t bits;
    memcpy(&bits, p + 4 * i, 4);
    found |= (bits & exponent) == exponent;
  }
  return !found;
}

static int32_t halves_finite(const uint8_t *p, int64_t count, uint16_t exponent) {
  uint16_t found = 0;
  for (int64_t i = 0; i < count; i++) found |= (half_at(p + 2 * i) & exponent) == exponent;
  return !found;
}

int32_t sk_all_finite(sk_gguf_type type, const void *source, int64_t count) {
  const uint8_t *p = source;
  scales at;
  if (type == SK_GGUF_F32) return words_finite(p, count, 0x7f800000);
  if (type == SK_GGUF_F16) return halves_finite(p, count, 0x7c00);
  if (type == SK_GGUF_BF16) return halves_finite(p, count, 0x7f80);
  if (!find_scales(type, &at)) return 1;
  uint16_t found = 0;
  for (int64_t i = 0; i < count / at.weights; i++, p += at.bytes)
    found |= (half_at(p + at.scale) & 0x7c00) == 0x7c00 ||
             (half_at(p + at.minimum) & 0x7c00) == 0x7c00;
  return !found;
}
