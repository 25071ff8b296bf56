// From ggml's rows to float32.
#include "CSparrowBlocks.h"

/// What is taken from a value before it is multiplied by its scale.
static int32_t offset_of(const sb_block *b, const uint8_t *table) {
  if (table) return 128;
  return b->minimums ? 0 : 1 << (b->bits - 1);
}

static void expand_blocks(sb_type type, const uint8_t *row, int32_t columns, float *out) {
  const sb_block b = sb_block_of(type);
  const uint8_t *table = sb_table_of(type);
  const int32_t offset = offset_of(&b, table), shared = b.steps ? b.weights : b.span;
  for (int32_t start = 0; start < columns; start += b.weights, row += b.bytes) {
    sb_weights w;
    sb_read_block(type, row, &w);
    for (int32_t i = 0; i < b.weights; i++) {
      float scale = sb_half_float(w.scales[i / shared]);
      float minimum = b.minimums ? sb_half_float(w.minimums[i / shared]) : 0;
      if (b.steps) scale *= w.steps[i / b.span];
      if (b.steps && b.minimums) minimum *= w.minimum_steps[i / b.span];
      const int32_t value = table ? table[w.quants[i]] : w.quants[i];
      out[start + i] = scale * (float)(value - offset) + minimum;
    }
  }
}

void sb_expand_row(sb_type type, const void *row, int32_t columns, float *out) {
  const uint8_t *p = row;
  switch (type) {
  case SB_F32: memcpy(out, p, (size_t)columns * 4); return;
  case SB_F16:
    for (int32_t i = 0; i < columns; i++) out[i] = sb_half_at(p, i);
    return;
  case SB_BF16:
    for (int32_t i = 0; i < columns; i++) {
      uint16_t bits;
      memcpy(&bits, p + 2 * (int64_t)i, 2);
      out[i] = sb_bfloat_float(bits);
    }
    return;
  case SB_F64:
    for (int32_t i = 0; i < columns; i++) {
      double wide;
      memcpy(&wide, p + 8 * (int64_t)i, 8);
      out[i] = (float)wide;
    }
    return;
  default: expand_blocks(type, p, columns, out);
  }
}
