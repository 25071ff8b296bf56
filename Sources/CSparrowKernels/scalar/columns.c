// The scalar reference of products by columns.
#include "scalar.h"

#include "half.h"

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
  const int64_t plane = sk_padded_rows(w->rows), block = column / w->block * plane + row;
  const int64_t at = w->steps ? column / SK_STEP_SPAN * plane + row : block;
  float scale = sb_half_float(w->scales[at]);
  float minimum = w->minimums ? sb_half_float(w->minimums[at]) : 0;
  if (w->steps) scale *= w->steps[block];
  if (w->minimum_steps) minimum *= w->minimum_steps[block];
  int32_t quant = (int8_t)p[row];
  if (w->format == SK_Q4) {
    quant = p[row / 64 * 32 + row % 32] >> (row % 64 < 32 ? 0 : 4) & 15;
    if (!w->minimums) quant -= 8;
  }
  return scale * (float)quant + minimum;
}

void sk_columns_acc_scalar(
  const sk_columns *w, const int32_t *columns, const float *a, int32_t count, float *y) {
  for (int32_t row = 0; row < w->rows; row++)
    for (int32_t i = 0; i < count; i++) y[row] += a[i] * weight(w, columns[i], row);
}
