// The scalar reference of a head sketch's scores.
#include "half.h"
#include "scalar.h"

void sk_sketch_scores_scalar(
  const uint8_t *codes, const uint8_t *tables, const uint16_t *bias, int32_t pairs, float scale,
  float offset, int32_t block0, int32_t block1, float *scores, float *block_best) {
  for (int32_t b = block0; b < block1; b++) {
    block_best[b] = -INFINITY;
    for (int32_t j = 0; j < 64; j++) {
      const uint8_t *own = codes + (int64_t)b * pairs * 64 + j;
      uint32_t sum = 0;
      for (int32_t p = 0; p < pairs; p++) {
        uint8_t pair = own[p * 64];
        sum += tables[p * 32 + (pair & 15)] + tables[p * 32 + 16 + (pair >> 4)];
      }
      int64_t row = (int64_t)b * 64 + j;
      scores[row] = (float)sum * scale + (sb_half_float(bias[row]) + offset);
      if (scores[row] > block_best[b]) block_best[b] = scores[row];
    }
  }
}
