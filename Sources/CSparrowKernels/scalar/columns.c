// The scalar reference of products by columns.
#include "scalar.h"

#include "half.h"

/// What a column's block multiplies and adds in a row.
typedef struct {
  float scale, minimum;
} terms;

SK_INLINE terms terms_of(const sk_columns *w, int32_t column, int32_t row) {
  const int64_t plane = sk_padded_rows(w->rows), block = column / w->block * plane + row;
  const int64_t at = w->steps ? column / SK_STEP_SPAN * plane + row : block;
  terms t = {sb_half_float(w->scales[at]), w->minimums ? sb_half_float(w->minimums[at]) : 0};
  if (w->steps) t.scale *= w->steps[block];
  if (w->minimum_steps) t.minimum *= w->minimum_steps[block];
  return t;
}

SK_INLINE float weight(const sk_columns *w, int32_t column, int32_t row) {
  const uint8_t *p = (const uint8_t *)w->data + column * w->column_bytes;
  uint16_t bits;
  float value;
  switch (w->format) {
  case SK_F32: memcpy(&value, p + 4 * (int64_t)row, 4); return value;
  case SK_F16: return sb_half_at(p, row);
  case SK_BF16: memcpy(&bits, p + 2 * (int64_t)row, 2); return sb_bfloat_float(bits);
  default: break;
  }
  const terms t = terms_of(w, column, row);
  int32_t quant = (int8_t)p[row];
  if (w->format == SK_Q4) {
    quant = p[row / 64 * 32 + row % 32] >> (row % 64 < 32 ? 0 : 4) & 15;
    if (!w->minimums) quant -= 8;
  }
  return t.scale * (float)quant + t.minimum;
}

void sk_columns_acc_scalar(
  const sk_columns *w, const int32_t *columns, const float *a, int32_t count, float *y) {
  for (int32_t row = 0; row < w->rows; row++)
    for (int32_t i = 0; i < count; i++) y[row] += a[i] * weight(w, columns[i], row);
}

void sk_group_acc_scalar(
  const sk_columns *w, int32_t column, int32_t next, const int8_t *a, float scale, float *y) {
  (void)next;
  const int32_t offset = w->minimums ? 0 : 1 << (w->bits - 1);
  const int32_t block_bytes = w->group * (w->bits == 4 ? 32 : 64);
  const uint8_t *group = (const uint8_t *)w->data + column * w->column_bytes;
  for (int32_t row = 0; row < w->rows; row++) {
    int32_t sum = 0, total = 0;
    for (int32_t i = 0; i < w->group; i++) {
      int32_t quant = group[row / 64 * block_bytes + sk_grouped_byte(w->bits, i, row % 64)];
      if (w->bits == 4) quant = quant >> (i % 8 > 3 ? 4 : 0) & 15;
      sum += (quant - offset) * a[i];
      total += a[i];
    }
    const terms t = terms_of(w, column, row);
    y[row] += t.scale * scale * (float)sum + t.minimum * (scale * (float)total);
  }
}
