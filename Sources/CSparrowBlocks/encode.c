// From float32 to ggml's rows: llama.cpp's reference quantisers (ggml-quants.c), whose quants
// depend on each product being rounded before the sum.
#pragma STDC FP_CONTRACT OFF
#include "CSparrowBlocks.h"
#include "half.h"
#include <math.h>

/// Weights of a block, of every type that is encoded here.
#define BLOCK 32

/// Stores a float16; returns 0 where it is none that is finite.
static int32_t put_half(float value, uint8_t *out) {
  const uint16_t half = sb_float_half(value);
  memcpy(out, &half, 2);
  return (half & 0x7c00) != 0x7c00;
}

/// 1 / scale, or 0 where that is no number: such a scale is 0 in float16 too.
static float inverse(float scale) {
  const float result = 1 / scale;
  return isfinite(result) ? result : 0;
}

/// Quants of `bits` bits as type 0 has them: the value furthest from 0 is the least quant.
static int32_t symmetric(const float *x, int32_t bits, uint16_t *scale, uint8_t *quants) {
  const int32_t half = 1 << (bits - 1), most = 2 * half - 1;
  float furthest = 0;
  for (int32_t i = 0; i < BLOCK; i++)
    if (fabsf(x[i]) > fabsf(furthest)) furthest = x[i];
  const float step = furthest / (float)-half, steps = inverse(step);
  for (int32_t i = 0; i < BLOCK; i++) {
    const int32_t q = (int32_t)(x[i] * steps + ((float)half + 0.5f));
    quants[i] = (uint8_t)(q < most ? q : most);
  }
  return put_half(step, (uint8_t *)scale);
}

/// Quants of `bits` bits as type 1 has them: counted from the least value.
static int32_t from_minimum(
  const float *x, int32_t bits, uint8_t *scale, uint8_t *minimum, uint8_t *quants) {
  const int32_t most = (1 << bits) - 1;
  float least = x[0], greatest = x[0];
  for (int32_t i = 1; i < BLOCK; i++) {
    if (x[i] < least) least = x[i];
    if (x[i] > greatest) greatest = x[i];
  }
  const float step = (greatest - least) / (float)most, steps = inverse(step);
  memset(quants, 0, BLOCK);
  if (!isfinite(step)) return 0;
  for (int32_t i = 0; i < BLOCK; i++) {
    const int32_t q = (int32_t)((x[i] - least) * steps + 0.5f);
    quants[i] = (uint8_t)(q < most ? q : most);
  }
  return put_half(step, scale) & put_half(least, minimum);
}

static void put_nibbles(const uint8_t *quants, uint8_t *out) {
  for (int32_t i = 0; i < BLOCK / 2; i++)
    out[i] = (uint8_t)((quants[i] & 15) | quants[i + BLOCK / 2] << 4);
}

static void put_fifth_bits(const uint8_t *quants, uint8_t *out) {
  uint32_t bits = 0;
  for (int32_t i = 0; i < BLOCK; i++) bits |= (uint32_t)(quants[i] >> 4) << i;
  memcpy(out, &bits, 4);
}

static int32_t encode_q8_0(const float *x, uint8_t *out) {
  float most = 0;
  for (int32_t i = 0; i < BLOCK; i++) most = fmaxf(most, fabsf(x[i]));
  const float step = most / 127, steps = inverse(step);
  for (int32_t i = 0; i < BLOCK; i++) out[2 + i] = (uint8_t)(int8_t)roundf(x[i] * steps);
  return put_half(step, out);
}

void sb_write_block(sb_type type, uint16_t scale, const uint8_t *quants, void *out) {
  uint8_t *to = out;
  memcpy(to, &scale, 2);
  to += 2;
  if (type == SB_Q5_0) {
    put_fifth_bits(quants, to);
    to += 4;
  }
  put_nibbles(quants, to);
}

/// Encodes one block of finite numbers; returns 0 where a scale is infinite.
static int32_t encode_block(sb_type type, const float *x, uint8_t *out) {
  uint8_t quants[BLOCK];
  uint16_t scale;
  int32_t fits;
  switch (type) {
  case SB_Q4_0:
  case SB_Q5_0:
    fits = symmetric(x, type == SB_Q5_0 ? 5 : 4, &scale, quants);
    sb_write_block(type, scale, quants, out);
    return fits;
  case SB_Q4_1:
    fits = from_minimum(x, 4, out, out + 2, quants);
    put_nibbles(quants, out + 4);
    return fits;
  case SB_Q5_1:
    fits = from_minimum(x, 5, out, out + 2, quants);
    put_fifth_bits(quants, out + 4);
    put_nibbles(quants, out + 8);
    return fits;
  default: return encode_q8_0(x, out);
  }
}

/// Rounds to nearest, ties to even.
static uint16_t float_bfloat(float f) {
  const uint32_t bits = sb_float_bits(f);
  return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

int32_t sb_encode_row(sb_type type, const float *x, int32_t columns, void *out) {
  uint8_t *to = out;
  int32_t fits = 1;
  for (int32_t i = 0; i < columns; i++) fits &= isfinite(x[i]) != 0;
  if (!fits) return 0;
  switch (type) {
  case SB_F32: memcpy(to, x, 4 * (size_t)columns); return 1;
  case SB_F16:
    for (int32_t i = 0; i < columns; i++) fits &= put_half(x[i], to + 2 * (int64_t)i);
    return fits;
  case SB_BF16:
    for (int32_t i = 0; i < columns; i++) {
      const uint16_t bits = float_bfloat(x[i]);
      memcpy(to + 2 * (int64_t)i, &bits, 2);
      fits &= (bits & 0x7f80) != 0x7f80;
    }
    return fits;
  case SB_Q4_0:
  case SB_Q4_1:
  case SB_Q5_0:
  case SB_Q5_1:
  case SB_Q8_0: break;
  default: return 0;
  }
  const int32_t bytes = sb_block_of(type).bytes;
  for (int32_t i = 0; i < columns; i += BLOCK, to += bytes) fits &= encode_block(type, x + i, to);
  return fits;
}
