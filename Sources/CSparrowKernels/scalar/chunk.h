/// Decoding one chunk of 64 weights in plain C: the scalar kernels' way, and the tail's on
/// processors where special code for it would not pay.
#pragma once
#include "../internal.h"

SK_INLINE void sk_decode_nibbles(
  const sk_layout *l, const uint8_t *row, int32_t chunk, uint8_t *out) {
  const uint8_t *low = row + chunk / 2 * SK_CHUNK;
  if (chunk == l->columns / SK_CHUNK - 1 && chunk % 2 == 0) {
    for (int32_t i = 0; i < 32; i++) {
      out[i] = low[i] & 15;
      out[i + 32] = low[i] >> 4;
    }
  } else {
    int32_t shift = chunk % 2 * 4;
    for (int32_t i = 0; i < 64; i++) out[i] = low[i] >> shift & 15;
  }
}

/// Adds the bits above the `low` first ones, of which there are `per` a weight.
SK_INLINE void sk_decode_high_bits(
  const sk_layout *l, const int32_t low, const int32_t per, const uint8_t *row, int32_t chunk,
  uint8_t *out) {
  const int32_t group = chunk / 8, inside = chunk % 8;
  const uint8_t *high = row + l->bits_at + group * 64 * per;
  if (group < l->groups) {
    if (per == 1) {
      for (int32_t i = 0; i < 64; i++) out[i] |= (high[i] >> inside & 1) << low;
    } else {
      high += inside / 4 * 64;
      for (int32_t i = 0; i < 64; i++) out[i] |= (high[i] >> inside % 4 * 2 & 3) << low;
    }
    return;
  }
  high += inside * 8 * per;
  for (int32_t plane = 0; plane < per; plane++, high += 8)
    for (int32_t i = 0; i < 64; i++) out[i] |= (high[i / 8] >> i % 8 & 1) << (low + plane);
}

/// What a block's scale and minimum are multiplied by.
typedef struct {
  int8_t scale, minimum;
} sk_step;

/// That of block `i` of a group of `count`, whose steps begin at `p`.
SK_INLINE sk_step sk_decode_step(
  const sk_format format, const uint8_t *p, int32_t count, int32_t i) {
  if (sk_steps_of(format) == SK_BYTES) return (sk_step){(int8_t)p[i], 0};
  sk_step step = {p[i] & 15, (int8_t)(p[i] >> 4)};
  if (sk_steps_of(format) == SK_NIBBLES) return step;
  const int32_t half = count / 2, high = p[count + i % half] >> (i < half ? 0 : 4);
  return (sk_step){
    (int8_t)(step.scale | (high & 3) << 4), (int8_t)(step.minimum | (high >> 2 & 3) << 4)};
}

/// The 64 unsigned values of `chunk`, in lane order.
SK_INLINE void sk_decode_chunk(
  const sk_layout *l, const sk_format format, const uint8_t *row, int32_t chunk, uint8_t *out) {
  const int32_t low = sk_low_bits(format), per = sk_bits(format) - low;
  const uint8_t *table = sk_table_of(format);
  if (low == 8) memcpy(out, row + chunk * SK_CHUNK, SK_CHUNK);
  else if (low == 4) sk_decode_nibbles(l, row, chunk, out);
  else
    for (int32_t i = 0; i < 64; i++)
      out[i] = row[chunk / 4 * SK_CHUNK + i] >> chunk % 4 * 2 & 3;
  if (per > 0) sk_decode_high_bits(l, low, per, row, chunk, out);
  if (table)
    for (int32_t i = 0; i < 64; i++) out[i] = table[out[i]];
}
