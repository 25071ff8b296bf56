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

// MARK: - Groups

/// How far ahead of its work a group asks for memory.
#define GROUP_AHEAD 4096
/// 64 bytes of a dot product, in PARTS vectors.
#define PARTS (16 / VW)

/// Sums of 64 rows over a group, of which this is the piece of these rows.
SK_INLINE void group_sums(
  const uint8_t *p, const int32_t group, const int bits, const int8_t *a, int32_t start,
  vi sum[4 * PARTS]) {
#pragma unroll
  for (int part = 0; part < 4 * PARTS; part++) sum[part] = i_all(start);
  for (int32_t i = 0; i < group; i += bits == 4 ? 8 : 4) {
    int32_t four[2];
    memcpy(four, a + i, bits == 4 ? 8 : 4);
    const vi low = i_all(four[0]), high = i_all(bits == 4 ? four[1] : 0);
#pragma unroll
    for (int part = 0; part < 4 * PARTS; part++, p += 4 * VW) {
      const vi w = i_load(p);
      if (bits == 4) {
        sum[part] = i_dot(sum[part], i_and(w, i_set1(15)), low, 4);
        sum[part] = i_dot(sum[part], i_and(i_shift(w, -4), i_set1(15)), high, 4);
      } else {
        sum[part] = i_dot(sum[part], w, low, bits);
      }
    }
  }
}

SK_INLINE void group_acc_all(
  const sk_columns *w, const int bits, const int minimums, const int has_steps, int32_t column,
  int32_t next, const int8_t *a, float scale, float *y) {
  const int32_t rows = sk_padded_rows(w->rows), group = w->group;
  const int64_t plane = column / (has_steps ? SK_STEP_SPAN : w->block) * (int64_t)rows;
  const int64_t step = has_steps ? column / w->block * (int64_t)rows : 0;
  int32_t total = 0;
  for (int32_t i = 0; i < group; i++) total += a[i];
  // Where weights are made signed, their offset is gone.
  const int32_t has_offset = !minimums && !(bits == 8 && V_SIGNED_BYTES);
  const int32_t offset = has_offset ? 1 << (w->bits - 1) : 0;
  const vf own = v_set1(scale), all = v_set1(scale * (float)total);
  const int32_t piece = group * (bits == 4 ? 32 : 64);
  const uint8_t *p = (const uint8_t *)w->data + column * w->column_bytes;
  const uint8_t *end = p + group * w->column_bytes, *ask = p + GROUP_AHEAD;
  if (ask > end) ask = end;
  for (int32_t row = 0; row < rows; row += 64, p += piece) {
    if (ask >= end) {
      ask = (const uint8_t *)w->data + next * w->column_bytes;
      end = ask + (next == column ? 0 : group * w->column_bytes);
    }
    const uint8_t *to = ask + piece < end ? ask + piece : end;
    for (; ask < to; ask += 64) __builtin_prefetch(ask);
    vi sum[4 * PARTS];
    group_sums(p, group, bits, a, -offset * total, sum);
#pragma unroll
    for (int part = 0; part < 4 * PARTS; part++) {
      const int64_t at = row + part * VW;
      const vf factor =
        v_mul(load_stepped(w->scales + plane + at, w->steps + step + at, has_steps), own);
      vf r = v_fma(factor, i_floats(sum[part]), v_load(y + at));
      if (minimums)
        r = v_fma(
          load_stepped(w->minimums + plane + at, w->minimum_steps + step + at, has_steps), all, r);
      v_store(y + at, r);
    }
  }
}

SK_INLINE void group_acc_bits(
  const sk_columns *w, const int bits, int32_t column, int32_t next, const int8_t *a,
  float scale, float *y) {
  if (w->steps && w->minimums) group_acc_all(w, bits, 1, 1, column, next, a, scale, y);
  else if (w->steps) group_acc_all(w, bits, 0, 1, column, next, a, scale, y);
  else if (w->minimums) group_acc_all(w, bits, 1, 0, column, next, a, scale, y);
  else group_acc_all(w, bits, 0, 0, column, next, a, scale, y);
}

void SK_NAME(sk_group_acc)(
  const sk_columns *w, int32_t column, int32_t next, const int8_t *a, float scale, float *y) {
  if (w->bits == 4) group_acc_bits(w, 4, column, next, a, scale, y);
  else if (w->bits == 8) group_acc_bits(w, 8, column, next, a, scale, y);
  else group_acc_bits(w, 6, column, next, a, scale, y);
}
