// Matrices kept by columns: their layout, packing and the loop over blocks that all formats share.
#include "internal.h"

void sk_columns_layout(
  const sk_matrix *w, int32_t group, sk_columns *layout, size_t *data_bytes, size_t *plane_bytes,
  size_t *step_bytes) {
  const int32_t rows = sk_padded_rows(w->rows);
  memset(layout, 0, sizeof *layout);
  layout->rows = w->rows;
  layout->columns = w->columns;
  layout->format = sk_is_float(w->format)           ? w->format
                   : sk_value_bits(w->format) <= 4 ? SK_Q4
                                                   : SK_Q8;
  layout->block = w->block;
  const int32_t grouped = group < w->block ? group : w->block;
  layout->group = grouped >= SK_LEAST_GROUPED ? grouped : 1;
  layout->bits = layout->format == SK_Q4 ? 4 : sk_value_bits(w->format);
  switch (layout->format) {
  case SK_F32: layout->column_bytes = 4 * (int64_t)rows; break;
  case SK_F16:
  case SK_BF16: layout->column_bytes = 2 * (int64_t)rows; break;
  case SK_Q4: layout->column_bytes = rows / 2; break;
  default: layout->column_bytes = rows;
  }
  *data_bytes = (size_t)layout->column_bytes * (size_t)w->columns;
  *plane_bytes = *step_bytes = 0;
  if (w->block == 0) return;
  const int32_t span = sk_scale_span(w->format, w->block);
  *plane_bytes = (size_t)((w->columns + span - 1) / span) * (size_t)rows * 2;
  if (sk_has_steps(w->format)) *step_bytes = (size_t)(w->columns / w->block) * (size_t)rows;
}

static void pack_float_columns(
  const sk_matrix *w, const sk_columns *target, int32_t row0, int32_t row1) {
  const size_t size = w->format == SK_F32 ? 4 : 2;
  uint8_t *data = (uint8_t *)(uintptr_t)target->data;
  for (int64_t r = row0; r < row1; r++) {
    const uint8_t *row = (const uint8_t *)w->data + r * w->row_bytes;
    for (int64_t c = 0; c < w->columns; c++)
      memcpy(data + c * target->column_bytes + r * (int64_t)size, row + c * (int64_t)size, size);
  }
}

SK_INLINE void put_grouped(
  const sk_columns *w, uint8_t *data, int32_t column, int32_t row, uint8_t quant) {
  // Groups are powers of two.
  const int32_t inside = column & (w->group - 1);
  uint8_t *group = data + (column - inside) * w->column_bytes;
  uint8_t *rows = group + row / 64 * (w->group * (w->bits == 4 ? 32 : 64));
  uint8_t *byte = rows + sk_grouped_byte(w->bits, inside, row % 64);
  *byte |= (uint8_t)(quant << (w->bits == 4 && inside % 8 > 3 ? 4 : 0));
}

/// One run of up to 64 rows: their quants first, so that each column is written in one piece.
static void pack_block_columns(
  const sk_matrix *w, const sk_columns *target, int32_t row0, int32_t rows) {
  const int32_t blocks = (w->columns + w->block - 1) / w->block;
  const int32_t span = sk_scale_span(w->format, w->block);
  const int32_t spans = (w->columns + span - 1) / span;
  const int64_t plane = sk_padded_rows(w->rows);
  // A nibble of a column that has no minimum counts from -8.
  int32_t offset = sk_offset(w->format, w->minimums);
  if (target->format == SK_Q4 && !w->minimums) offset -= 8;
  if (target->group > 1 && target->format == SK_Q8) offset = 0;
  uint8_t *data = (uint8_t *)(uintptr_t)target->data;
  uint16_t *scales = (uint16_t *)(uintptr_t)target->scales;
  uint16_t *minimums = (uint16_t *)(uintptr_t)target->minimums;
  int8_t *steps = (int8_t *)(uintptr_t)target->steps;
  int8_t *minimum_steps = (int8_t *)(uintptr_t)target->minimum_steps;
  uint8_t quants[w->columns];
  uint16_t row_scales[blocks], row_minimums[blocks];
  int8_t row_steps[blocks], row_minimum_steps[blocks];
  const sk_row parts = {quants, row_scales, row_minimums, row_steps, row_minimum_steps};
  for (int32_t r = 0; r < rows; r++) {
    sk_read_row(w, row0 + r, &parts);
    for (int32_t i = 0; i < spans; i++) {
      scales[i * plane + row0 + r] = row_scales[i];
      if (w->minimums) minimums[i * plane + row0 + r] = row_minimums[i];
    }
    for (int32_t b = 0; steps && b < blocks; b++) {
      steps[b * plane + row0 + r] = row_steps[b];
      if (w->minimums) minimum_steps[b * plane + row0 + r] = row_minimum_steps[b];
    }
    for (int64_t c = 0; c < w->columns; c++) {
      uint8_t *column = data + c * target->column_bytes;
      const uint8_t quant = (uint8_t)(quants[c] - offset);
      if (target->group > 1) {
        put_grouped(target, data, (int32_t)c, row0 + r, quant);
      } else if (target->format == SK_Q4) {
        uint8_t *byte = column + (row0 + r) / 64 * 32 + r % 32;
        *byte |= (uint8_t)(quant << (r % 64 < 32 ? 0 : 4));
      } else {
        column[row0 + r] = quant;
      }
    }
  }
}

void sk_pack_columns(const sk_matrix *w, const sk_columns *target, int32_t row0, int32_t row1) {
  if (sk_is_float(w->format)) {
    pack_float_columns(w, target, row0, row1);
    return;
  }
  for (int32_t row = row0; row < row1; row += 64)
    pack_block_columns(w, target, row, row1 - row < 64 ? row1 - row : 64);
}

void sk_columns_prefetch(
  const sk_columns *w, const int32_t *columns, int32_t begin, int32_t end) {
  for (int32_t i = begin; i < end; i++) {
    const uint8_t *column = (const uint8_t *)w->data + columns[i] * w->column_bytes;
    for (int64_t byte = 0; byte < w->column_bytes; byte += 64) __builtin_prefetch(column + byte);
  }
}

/// Columns that one call of a kernel takes: their pieces of a row block stay in the first-level
/// cache.
#define SK_RUN 16

void sk_columns_acc(
  const sk_columns *w, const int32_t *columns, const float *a, int32_t begin, int32_t end,
  float *y) {
  const sk_table *table = sk_current();
  while (begin < end) {
    int32_t count = 1;
    // A run shares its blocks' scales.
    while (begin + count < end && count < SK_RUN &&
           (w->block == 0 || columns[begin + count] / w->block == columns[begin] / w->block))
      count++;
    table->columns_acc(w, columns + begin, a + begin, count, y);
    begin += count;
  }
}

/// Rounds factors to 8 bits; returns what one of them counts, or a number below 0 where a factor is
/// none or infinite.
static float quantize(const float *a, int32_t count, int8_t *q) {
  float most = 0;
  for (int32_t i = 0; i < count; i++) {
    if (!(fabsf(a[i]) < INFINITY)) return -1;
    if (fabsf(a[i]) > most) most = fabsf(a[i]);
  }
  // Its inverse would be infinite, and a float keeps none of it beside other numbers.
  if (most < 1e-30f) return 0;
  for (int32_t i = 0; i < count; i++) q[i] = (int8_t)rintf(a[i] * (127 / most));
  return most / 127;
}

void sk_groups_acc(
  const sk_columns *w, const int32_t *columns, const float *a, int32_t begin, int32_t end,
  float *y) {
  const sk_table *table = sk_current();
  for (int32_t i = begin; i < end; i += w->group) {
    int8_t q[SK_MOST_GROUPED];
    const float scale = quantize(a + i, w->group, q);
    const int32_t next = i + w->group < end ? columns[i + w->group] : columns[i];
    if (scale > 0) table->group_acc(w, columns[i], next, q, scale, y);
    // What a factor that is no number adds is none either.
    else if (scale < 0) for (int32_t r = 0; r < w->rows; r++) y[r] = NAN;
  }
}

/// Bytes of columns that are asked for at a time: a core has few buffers for misses.
#define SK_AHEAD_BYTES (8 << 10)

int32_t sk_columns_piece(const sk_columns *w) {
  const int32_t run = (int32_t)(SK_AHEAD_BYTES / w->column_bytes);
  return run < 4 ? 4 : run > SK_RUN ? SK_RUN : run;
}

void sk_columns_acc_ahead(
  const sk_columns *w, const int32_t *columns, const float *a, int32_t begin, int32_t end,
  float *y) {
  const int32_t run = sk_columns_piece(w);
  sk_columns_prefetch(w, columns, begin, begin + run < end ? begin + run : end);
  while (begin < end) {
    const int32_t next = begin + run < end ? begin + run : end;
    sk_columns_prefetch(w, columns, next, next + run < end ? next + run : end);
    sk_columns_acc(w, columns, a, begin, next, y);
    begin = next;
  }
}

int32_t sk_select_large(
  const float *x, int32_t n, float threshold, int32_t base, int32_t *indices, float *values) {
  // Always written, counted where it stays: a branch would be guessed wrong half of the time.
  int32_t count = 0;
  for (int32_t i = 0; i < n; i++) {
    indices[count] = base + i;
    values[count] = x[i];
    count += !(fabsf(x[i]) <= threshold);
  }
  return count;
}
