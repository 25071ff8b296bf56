/// Products by columns over the vectors included before.
#pragma once
#include "kernels.h"

/// Vectors of rows that are summed together.
#define COLUMN_PARTS 4
#define COLUMN_STEP (COLUMN_PARTS * VW)

SK_INLINE vf load_column(const sk_format format, const uint8_t *column, int32_t row) {
  if (format == SK_F32) return v_load((const float *)(const void *)column + row);
  if (format == SK_F16) return v_load_f16(column + 2 * (int64_t)row);
  if (format == SK_BF16) return v_load_bf16(column + 2 * (int64_t)row);
  if (format == SK_Q8) return v_load_i8(column + row);
  // 64 rows take 32 bytes: the first 32 rows are low halves.
  const uint8_t *p = column + row / 64 * 32 + row % 32;
  return row % 64 < 32 ? v_load_low4(p) : v_load_high4(p);
}

SK_INLINE void column_rows(
  const sk_columns *w, const sk_format format, const uint8_t *const *data, const float *a,
  int32_t count, int32_t row, vf sum[COLUMN_PARTS]) {
  for (int32_t i = 0; i < count; i++) {
    vf k = v_set1(a[i]);
#pragma unroll
    for (int p = 0; p < COLUMN_PARTS; p++)
      sum[p] = v_fma(load_column(format, data[i], row + p * VW), k, sum[p]);
  }
}

/// The float16 numbers of VW rows, times their steps if there are some.
SK_INLINE vf load_stepped(const uint16_t *p, const int8_t *steps, const int has_steps) {
  vf value = v_load_f16(p);
  return has_steps ? v_mul(value, v_load_i8(steps)) : value;
}

SK_INLINE void columns_acc_all(
  const sk_columns *w, const sk_format format, const int minimums, const int has_steps,
  const int32_t *columns, const float *a, int32_t count, float *y) {
  const int32_t rows = sk_padded_rows(w->rows);
  const uint8_t *data[count];
  float total = 0;
  for (int32_t i = 0; i < count; i++) {
    data[i] = (const uint8_t *)w->data + columns[i] * w->column_bytes;
    total += a[i];
  }
  const int is_float = format < SK_Q4;
  const int32_t span = has_steps ? SK_STEP_SPAN : w->block;
  const int64_t plane = is_float ? 0 : columns[0] / span * (int64_t)rows;
  const int64_t step = has_steps ? columns[0] / w->block * (int64_t)rows : 0;
  const vf all = v_set1(total), offset = v_set1(minimums || format == SK_Q8 ? 0 : -8 * total);
  for (int32_t row = 0; row < rows; row += COLUMN_STEP) {
    vf sum[COLUMN_PARTS];
#pragma unroll
    for (int p = 0; p < COLUMN_PARTS; p++)
      sum[p] = is_float ? v_load(y + row + p * VW) : offset;
    column_rows(w, format, data, a, count, row, sum);
#pragma unroll
    for (int p = 0; p < COLUMN_PARTS; p++) {
      float *out = y + row + p * VW;
      if (is_float) {
        v_store(out, sum[p]);
        continue;
      }
      const int64_t at = row + p * VW;
      const vf scale = load_stepped(w->scales + plane + at, w->steps + step + at, has_steps);
      vf r = v_fma(scale, sum[p], v_load(out));
      if (minimums)
        r = v_fma(
          load_stepped(w->minimums + plane + at, w->minimum_steps + step + at, has_steps), all, r);
      v_store(out, r);
    }
  }
}

SK_INLINE void columns_acc_blocks(
  const sk_columns *w, const sk_format format, const int32_t *columns, const float *a,
  int32_t count, float *y) {
  if (w->steps && w->minimums) columns_acc_all(w, format, 1, 1, columns, a, count, y);
  else if (w->steps) columns_acc_all(w, format, 0, 1, columns, a, count, y);
  else if (w->minimums) columns_acc_all(w, format, 1, 0, columns, a, count, y);
  else columns_acc_all(w, format, 0, 0, columns, a, count, y);
}

void SK_NAME(sk_columns_acc)(
  const sk_columns *w, const int32_t *columns, const float *a, int32_t count, float *y) {
  switch (w->format) {
  case SK_F32: columns_acc_all(w, SK_F32, 0, 0, columns, a, count, y); return;
  case SK_F16: columns_acc_all(w, SK_F16, 0, 0, columns, a, count, y); return;
  case SK_BF16: columns_acc_all(w, SK_BF16, 0, 0, columns, a, count, y); return;
  case SK_Q4: columns_acc_blocks(w, SK_Q4, columns, a, count, y); return;
  default: columns_acc_blocks(w, SK_Q8, columns, a, count, y);
  }
}
