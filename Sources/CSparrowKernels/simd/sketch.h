/// Scores of a head sketch: the part that every instruction set shares. The including file defines
/// `sketch_sums`, the 16-bit sums of a block's 64 rows.
#pragma once

void SK_NAME(sk_sketch_scores)(
  const uint8_t *codes, const uint8_t *tables, const uint16_t *bias, int32_t pairs, float scale,
  float offset, int32_t block0, int32_t block1, float *scores, float *block_best) {
  for (int32_t b = block0; b < block1; b++) {
    uint16_t sums[64];
    float wide[64];
    sketch_sums(codes + (int64_t)b * pairs * 64, tables, pairs, sums);
    for (int32_t j = 0; j < 64; j++) wide[j] = (float)sums[j];
    float *out = scores + (int64_t)b * 64;
    const uint16_t *own = bias + (int64_t)b * 64;
    vf best = v_set1(-INFINITY);
    for (int32_t j = 0; j < 64; j += VW) {
      vf base = v_add(v_load_f16(own + j), v_set1(offset));
      vf score = v_fma(v_load(wide + j), v_set1(scale), base);
      v_store(out + j, score);
      best = v_max(best, score);
    }
    block_best[b] = v_hmax(best);
  }
}
