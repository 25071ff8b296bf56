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

/// Rows [row, row + rows) times `tokens`: one sum vector for each pair, over columns VW at a time,
/// whatever the tile. Prefetches from `ask` on, as the tile says, unless it is NULL; returns where
/// to go on.
SK_INLINE const uint8_t *float_sums(
  const sk_tile *tile, const sk_format format, const int tokens, const int row, const int rows,
  const uint8_t *ask, vf sum[SK_TILE_ROWS][SK_TILE_TOKENS]) {
  const float *x[SK_TILE_TOKENS];
#pragma unroll
  for (int t = 0; t < tokens; t++) {
    x[t] = (const float *)(tile->x + (size_t)t * tile->x_stride);
#pragma unroll
    for (int r = row; r < row + rows; r++) sum[r][t] = v_zero();
  }
  // As many lines as the weights that are read meanwhile.
  const int bytes = rows * VW * (format == SK_F32 ? 4 : 2), lines = bytes < 64 ? 1 : bytes / 64;
  const int32_t step = tile->ask_step * bytes / (64 * lines);
  int32_t i = 0;
  for (; i + VW <= tile->columns; i += VW) {
    vf w[SK_TILE_ROWS];
    if (ask) {
#pragma unroll
      for (int line = 0; line < lines; line++, ask += step) __builtin_prefetch(ask);
    }
#pragma unroll
    for (int r = row; r < row + rows; r++) w[r] = load_weights(format, tile->rows[r], i);
#pragma unroll
    for (int t = 0; t < tokens; t++) {
      vf v = v_load(x[t] + i);
#pragma unroll
      for (int r = row; r < row + rows; r++) sum[r][t] = v_fma(w[r], v, sum[r][t]);
    }
  }
  if (i == tile->columns) return ask;
  const int32_t n = tile->columns - i;
#pragma unroll
  for (int t = 0; t < tokens; t++) {
    vf v = v_load_part(x[t] + i, n);
#pragma unroll
    for (int r = row; r < row + rows; r++)
      sum[r][t] = v_fma(load_weights_part(format, tile->rows[r], i, n), v, sum[r][t]);
  }
  return ask;
}

SK_INLINE void float_tile_asking(
  const sk_tile *tile, const sk_format format, const int tokens, const uint8_t *ask) {
  vf sum[SK_TILE_ROWS][SK_TILE_TOKENS];
  if (tokens == 1 && format != SK_F32 && VW == 16) {
    // Fewer rows at once are more of a stream: for short elements, decoding gains a twentieth.
    // (Narrow vectors need the four sums to hide the latency of adding.)
    ask = float_sums(tile, format, tokens, 0, 2, ask, sum);
    float_sums(tile, format, tokens, 2, 2, ask, sum);
  } else {
    float_sums(tile, format, tokens, 0, SK_TILE_ROWS, ask, sum);
  }
#pragma unroll
  for (int t = 0; t < tokens; t++)
    v_store_sums(tile->y + t * tile->y_stride, sum[0][t], sum[1][t], sum[2][t], sum[3][t]);
}

SK_INLINE void float_tile(const sk_tile *tile, const sk_format format, const int tokens) {
  // Of several tokens it costs nothing to ask for what is there already.
  if (tokens == 1 && !tile->ask) float_tile_asking(tile, format, tokens, NULL);
  else float_tile_asking(tile, format, tokens, tile->ask);
}
