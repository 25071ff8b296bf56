/// Tiles of matrix products over float rows, for the vectors included before.
#pragma once

SK_INLINE vf load_weights(const sk_format format, const uint8_t *row, int64_t i) {
  if (format == SK_F16) return v_load_f16(row + 2 * i);
  if (format == SK_BF16) return v_load_bf16(row + 2 * i);
  return v_load((const float *)row + i);
}

SK_INLINE vf load_weights_part(const sk_format format, const uint8_t *row, int64_t i, int32_t n) {
  if (format == SK_F16) return v_load_f16_part(row + 2 * i, n);
  if (format == SK_BF16) return v_load_bf16_part(row + 2 * i, n);
  return v_load_part((const float *)row + i, n);
}

/// Four rows times `tokens`: one sum vector for each pair, over columns VW at a time, whatever the tile.
SK_INLINE void float_tile(const sk_tile *tile, const sk_format format, const int tokens) {
  const uint8_t *const *rows = tile->rows;
  const int32_t columns = tile->columns;
  const float *x[SK_TILE_TOKENS];
  vf sum[SK_TILE_ROWS][SK_TILE_TOKENS];
#pragma unroll
  for (int t = 0; t < tokens; t++) {
    x[t] = (const float *)(tile->x + (size_t)t * tile->x_stride);
#pragma unroll
    for (int r = 0; r < SK_TILE_ROWS; r++) sum[r][t] = v_zero();
  }
  int32_t i = 0;
  for (; i + VW <= columns; i += VW) {
    vf w[SK_TILE_ROWS];
#pragma unroll
    for (int r = 0; r < SK_TILE_ROWS; r++) w[r] = load_weights(format, rows[r], i);
#pragma unroll
    for (int t = 0; t < tokens; t++) {
      vf v = v_load(x[t] + i);
#pragma unroll
      for (int r = 0; r < SK_TILE_ROWS; r++) sum[r][t] = v_fma(w[r], v, sum[r][t]);
    }
  }
  if (i < columns) {
    const int32_t n = columns - i;
    vf w[SK_TILE_ROWS];
#pragma unroll
    for (int r = 0; r < SK_TILE_ROWS; r++) w[r] = load_weights_part(format, rows[r], i, n);
#pragma unroll
    for (int t = 0; t < tokens; t++) {
      vf v = v_load_part(x[t] + i, n);
#pragma unroll
      for (int r = 0; r < SK_TILE_ROWS; r++) sum[r][t] = v_fma(w[r], v, sum[r][t]);
    }
  }
#pragma unroll
  for (int t = 0; t < tokens; t++)
    v_store_sums(tile->y + t * tile->y_stride, sum[0][t], sum[1][t], sum[2][t], sum[3][t]);
}

