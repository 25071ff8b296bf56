// Look-ups of 16 rows at once with NEON.
#if defined(__aarch64__)
#include "neon.h"
#include "kernels.h"

SK_INLINE void sketch_sums(
  const uint8_t *codes, const uint8_t *tables, int32_t pairs, uint16_t *sums) {
  for (int32_t part = 0; part < 64; part += 16) {
    uint16x8_t lows = vdupq_n_u16(0), highs = lows;
    for (int32_t p = 0; p < pairs; p++) {
      uint8x16_t pair = vld1q_u8(codes + p * 64 + part);
      uint8x16_t first = vqtbl1q_u8(vld1q_u8(tables + p * 32), vandq_u8(pair, vdupq_n_u8(15)));
      uint8x16_t second = vqtbl1q_u8(vld1q_u8(tables + p * 32 + 16), vshrq_n_u8(pair, 4));
      uint8x16_t sum = vaddq_u8(first, second);
      lows = vaddw_u8(lows, vget_low_u8(sum));
      highs = vaddw_u8(highs, vget_high_u8(sum));
    }
    vst1q_u16(sums + part, lows);
    vst1q_u16(sums + part + 8, highs);
  }
}

#include "sketch.h"

#pragma clang attribute pop
#endif
