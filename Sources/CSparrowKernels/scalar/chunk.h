/// Decoding one chunk of 64 weights in plain C: the scalar kernels' way, and the tail's on
/// processors where special code for it would not pay.
#pragma once
#include "../internal.h"

/// The 64 unsigned weights of `chunk`, in lane order.
SK_INLINE void sk_decode_chunk(
  const sk_layout *l, const int32_t bits, const uint8_t *row, int32_t chunk, uint8_t *out) {
  if (bits == 8) {
    memcpy(out, row + chunk * SK_CHUNK, SK_CHUNK);
    return;
  }
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
  if (bits == 4) return;
  const int32_t per = bits - 4, group = chunk / 8, inside = chunk % 8;
  const uint8_t *high = row + l->bits_at + group * 64 * per;
  if (group < l->groups) {
    if (bits == 5) {
      for (int32_t i = 0; i < 64; i++) out[i] |= (high[i] >> inside & 1) << 4;
    } else {
      high += inside / 4 * 64;
      for (int32_t i = 0; i < 64; i++) out[i] |= (high[i] >> inside % 4 * 2 & 3) << 4;
    }
    return;
  }
  high += inside * 8 * per;
  for (int32_t plane = 0; plane < per; plane++, high += 8)
    for (int32_t i = 0; i < 64; i++) out[i] |= (high[i / 8] >> i % 8 & 1) << (4 + plane);
}
