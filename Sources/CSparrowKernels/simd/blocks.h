/// Tiles of matrix products over block formats, for the vectors included before.
///
/// A chunk of 64 weights is PARTS vectors of VW lanes of four bytes. Integer sums run over a
/// group's chunks; one float operation a lane then applies the scales of the group's blocks.
#pragma once

#define ROWS SK_TILE_ROWS
#define PARTS (16 / VW)
#define PART_BYTES (4 * VW)

typedef struct {
  const sk_format format;
  const int minimums;
  const int block;
  const int tokens;
  const int spread;
} shape;

/// The low two bits of part `h` of chunk `c` in a group; `at` counts chunks from the row's start.
SK_INLINE vi pairs(const uint8_t *row, const int c, int32_t at, const int h) {
  const vi four = i_load(row + (int64_t)(at - c % 4) * 16 + h * PART_BYTES);
  return i_and(i_shift(four, -2 * (c % 4)), i_set1(3));
}

/// The low four bits of part `h` of chunk `c` in a group of G blocks.
SK_INLINE vi nibbles(const uint8_t *row, const int G, const int c, int32_t at, const int h) {
  const uint8_t *p = row + (int64_t)(at - c % 2) * 32;
  // A group of two blocks has half a line: its low nibbles are the chunk's first half.
  if (G == 2) return i_half_nibbles(p, h);
  const vi pair = i_load(p + h * PART_BYTES);
  return i_and(c % 2 == 0 ? pair : i_shift(pair, -4), i_set1(15));
}

SK_INLINE vi weights(
  const sk_tile *tile, const shape s, const int G, const int c, int r, int32_t at, const int h) {
  const uint8_t *row = tile->rows[r], *high = row + tile->layout.bits_at;
  const int first = sk_low_bits(s.format), planes = sk_bits(s.format) - first;
  if (first == 8) return i_load(row + (int64_t)at * 64 + h * PART_BYTES);
  vi low = first == 2 ? pairs(row, c, at, h) : nibbles(row, G, c, at, h);
  if (sk_table_of(s.format)) return i_lookup(sk_table_of(s.format), low);
  if (planes == 0) return low;
  if (G < 16) {
    // The tail's masks follow the planes of all full groups.
    high += (int64_t)at * 8 * planes;
    low = i_or(low, i_mask(high, 1 << first, h));
    return planes == 1 ? low : i_or(low, i_mask(high + 8, 2 << first, h));
  }
  if (planes == 1) {
    vi plane = i_load(high + (int64_t)(at / 8) * 64 + h * PART_BYTES);
    return i_or_and(low, i_shift(plane, first - c), i_set1(1 << first));
  }
  vi plane = i_load(high + (int64_t)(at / 8) * 128 + c / 4 * 64 + h * PART_BYTES);
  return i_or_and(low, i_shift(plane, 4 - c % 4 * 2), i_set1(48));
}

/// Scales (or minimums) of part `h` of a group's lanes; of blocks of 16 those of half `half`.
SK_INLINE vf group_floats(
  const uint8_t *plane, const shape s, const int G, int32_t start, const int half, const int h) {
  if (s.block == 32) return v_block_floats(plane + start / 32 * 2, G, h);
  const uint8_t *p = plane + start / 16 * 2;
  // A group of two blocks is one chunk, whose upper lanes are the blocks' second halves.
  return G == 2 ? v_pair_floats(p, h) : v_block_floats(p + half * G * 2, G, h);
}

/// The steps of part `h` of a group's lanes, which begin at `p`.
SK_INLINE steps_of load_steps(const uint8_t *p, const shape s, const int G, const int h) {
  switch (sk_steps_of(s.format)) {
  case SK_BYTES: return (steps_of){.scale = v_byte_steps(p, G, h)};
  case SK_SIXES: return v_six_steps(p, G, h);
  default: return (steps_of){v_low_steps(p, G, h), v_high_steps(p, G, h)};
  }
}

/// Floats of a row's group whose scales are spread out: 16 of scales, then 16 of minimums, for each
/// half that has scales of its own.
#define SPREAD_FLOATS(minimums, block) (16 * (1 + (minimums)) * ((block) == 16 ? 2 : 1))

SK_INLINE void load_spread(
  const sk_tile *tile, const shape s, const int half, const int h, int32_t start, vf scale[ROWS],
  vf minimum[ROWS]) {
  const int32_t own_half = half * 16 * (1 + s.minimums);
  const int32_t at = start / SK_GROUP * SPREAD_FLOATS(s.minimums, s.block) + own_half + h * VW;
#pragma unroll
  for (int r = 0; r < ROWS; r++) {
    const float *own = tile->scales + r * tile->scales_step;
    scale[r] = v_load(own + at);
    if (s.minimums) minimum[r] = v_load(own + at + 16);
  }
}

SK_INLINE void load_scales(
  const sk_tile *tile, const shape s, const int G, const int half, const int h, int32_t start,
  vf scale[ROWS], vf minimum[ROWS]) {
  if (s.spread) {
    load_spread(tile, s, half, h, start, scale, minimum);
    return;
  }
#pragma unroll
  for (int r = 0; r < ROWS; r++) {
    const uint8_t *row = tile->rows[r];
    if (sk_has_steps(s.format)) {
      const uint8_t *steps =
        row + tile->layout.steps_at + sk_step_bytes(s.format, s.block, start) + half * G;
      const uint8_t *own = row + start / SK_STEP_SPAN * 2;
      const steps_of two = load_steps(steps, s, G, h);
      scale[r] = v_mul(v_span_floats(own + tile->layout.scales_at, G, h), two.scale);
      if (s.minimums)
        minimum[r] = v_mul(v_span_floats(own + tile->layout.minimums_at, G, h), two.minimum);
      continue;
    }
    scale[r] = group_floats(row + tile->layout.scales_at, s, G, start, half, h);
    if (s.minimums)
      minimum[r] = group_floats(row + tile->layout.minimums_at, s, G, start, half, h);
  }
}

/// Part `h` of one half (of blocks of 16) or all (of blocks of 32) of a group of G blocks.
SK_INLINE void part_of_group(
  const sk_tile *tile, const shape s, const int G, const int first_part, const int half,
  const int h, int32_t start, const int8_t *x, vf sum[ROWS][SK_TILE_TOKENS]) {
  const int halves = s.block == 16 && G > 2 ? 2 : 1, chunks = G / 2 / halves;
  const int bits = sk_value_bits(s.format);
  // Of a single chunk the products of one token after another are finished: that needs fewer
  // registers.
  const int together = chunks == 1 ? 1 : s.tokens;
  vi only[ROWS];
  vf scale[ROWS], minimum[ROWS];
  if (chunks == 1) {
#pragma unroll
    for (int r = 0; r < ROWS; r++) only[r] = weights(tile, s, G, half, r, start / 64 + half, h);
    load_scales(tile, s, G, half, h, start, scale, minimum);
  }
#pragma unroll
  for (int from = 0; from < s.tokens; from += together) {
    vi dot[ROWS][SK_TILE_TOKENS], xsum[SK_TILE_TOKENS];
#pragma unroll
    for (int t = from; t < from + together; t++) {
      const int8_t *sums = x + (size_t)t * tile->x_stride + G * 32 + 64 + h * PART_BYTES;
      xsum[t] = halves == 1 ? i_load(sums)
                : half == 0 ? i_load(sums + 64)
                            : i_sub32(i_load(sums), i_load(sums + 64));
      const int signed_already = s.minimums || (bits == 8 && V_SIGNED_BYTES);
      vi first = signed_already ? i_zero() : i_sub32(i_zero(), i_shift32(xsum[t], bits - 1));
#pragma unroll
      for (int r = 0; r < ROWS; r++) dot[r][t] = first;
    }
#pragma unroll
    for (int i = 0; i < chunks; i++) {
      const int c = half * chunks + i;
      vi w[ROWS];
#pragma unroll
      for (int r = 0; r < ROWS; r++)
        w[r] = chunks == 1 ? only[r] : weights(tile, s, G, c, r, start / 64 + c, h);
#pragma unroll
      for (int t = from; t < from + together; t++) {
        vi v = i_load(x + (size_t)t * tile->x_stride + c * 64 + h * PART_BYTES);
#pragma unroll
        for (int r = 0; r < ROWS; r++) dot[r][t] = i_dot(dot[r][t], w[r], v, bits);
      }
    }
    if (chunks > 1) load_scales(tile, s, G, half, h, start, scale, minimum);
#pragma unroll
    for (int t = from; t < from + together; t++) {
      vf d = v_load((const float *)(x + (size_t)t * tile->x_stride + G * 32) + h * VW);
#pragma unroll
      for (int r = 0; r < ROWS; r++) {
        vf k = v_mul(scale[r], d), f = i_floats(dot[r][t]);
        sum[r][t] = first_part ? v_mul(f, k) : v_fma(f, k, sum[r][t]);
        if (s.minimums) sum[r][t] = v_fma(minimum[r], v_mul(d, i_floats(xsum[t])), sum[r][t]);
      }
    }
  }
}

SK_INLINE void group(
  const sk_tile *tile, const shape s, const int G, const int first, int32_t start,
  const int8_t *x, vf sum[ROWS][SK_TILE_TOKENS]) {
#pragma unroll
  for (int h = 0; h < PARTS; h++) {
    part_of_group(tile, s, G, first && h == 0, 0, h, start, x, sum);
    if (s.block == 16 && G > 2) part_of_group(tile, s, G, 0, 1, h, start, x, sum);
  }
}

/// Asks for this group's part of the rows that follow those of the tile.
SK_INLINE void ask_for_next(const sk_tile *tile, int32_t group) {
  const uint8_t *p = tile->ask + group * tile->ask_step;
  for (const uint8_t *end = p + tile->ask_step; p < end; p += 64) __builtin_prefetch(p);
}

SK_INLINE void block_tile_asking(const sk_tile *tile, const shape s, const int asks) {
  const sk_layout *l = &tile->layout;
  vf sum[ROWS][SK_TILE_TOKENS];
  const int8_t *x = (const int8_t *)tile->x;
  int32_t start = 0;
  if (l->groups > 0) {
    // The first group starts the sums: while it runs, registers need not hold them.
    if (asks) ask_for_next(tile, 0);
    group(tile, s, 16, 1, 0, x, sum);
    start += 512, x += 512 + SK_INPUT_EXTRA;
  } else {
#pragma unroll
    for (int r = 0; r < ROWS; r++)
#pragma unroll
      for (int t = 0; t < s.tokens; t++) sum[r][t] = v_zero();
  }
  for (int32_t g = 1; g < l->groups; g++, start += 512, x += 512 + SK_INPUT_EXTRA) {
    if (asks) ask_for_next(tile, g);
    group(tile, s, 16, 0, start, x, sum);
  }
  if (l->tail & 4) {
    group(tile, s, 8, 0, start, x, sum);
    start += 256, x += 256 + SK_INPUT_EXTRA;
  }
  // Rows with steps are whole spans of 256.
  if (!sk_has_steps(s.format) && l->tail & 2) {
    group(tile, s, 4, 0, start, x, sum);
    start += 128, x += 128 + SK_INPUT_EXTRA;
  }
  if (!sk_has_steps(s.format) && l->tail & 1) group(tile, s, 2, 0, start, x, sum);
#pragma unroll
  for (int t = 0; t < s.tokens; t++)
    v_store_sums(tile->y + t * tile->y_stride, sum[0][t], sum[1][t], sum[2][t], sum[3][t]);
}

/// The scales of the tile's rows as floats, a row after the other.
SK_INLINE void spread_tile(const sk_tile *tile, const shape s, float *scales) {
  for (int32_t start = 0; start < tile->layout.columns; start += SK_GROUP) {
    const int whole = tile->layout.columns - start >= SK_GROUP;
    float *to = scales + start / SK_GROUP * SPREAD_FLOATS(s.minimums, s.block);
#pragma unroll
    for (int half = 0; half < (s.block == 16 ? 2 : 1); half++, to += 16 * (1 + s.minimums)) {
#pragma unroll
      for (int h = 0; h < PARTS; h++) {
        vf scale[ROWS], minimum[ROWS];
        if (whole) load_scales(tile, s, 16, half, h, start, scale, minimum);
        else load_scales(tile, s, 8, half, h, start, scale, minimum);
#pragma unroll
        for (int r = 0; r < ROWS; r++) {
          v_store(to + r * tile->scales_step + h * VW, scale[r]);
          if (s.minimums) v_store(to + r * tile->scales_step + 16 + h * VW, minimum[r]);
        }
      }
    }
  }
}

SK_INLINE void block_tile(const sk_tile *tile, const shape s) {
  if (s.tokens > 1 || tile->ask) block_tile_asking(tile, s, 1);
  else block_tile_asking(tile, s, 0);
}

// MARK: - Quantising

/// Quantises 32 floats (fewer: the rest is 0) to 32 bytes; returns their scale.
SK_INLINE float quantize_block(const float *x, int32_t n, int8_t *out) {
  float padded[32];
  if (n < 32) {
    memset(padded, 0, sizeof padded);
    if (n > 0) memcpy(padded, x, (size_t)n * sizeof(float));
    x = padded;
  }
  vf v[32 / VW], size = v_zero();
  uint32_t numbers = ~0u;
#pragma unroll
  for (int i = 0; i < 32 / VW; i++) {
    v[i] = v_load(x + i * VW);
    size = v_max(v_abs(v[i]), size);
    numbers &= v_bits_equal(v[i], v[i]);
  }
  float most = v_hmax(size);
  if (numbers != (1u << VW) - 1) most = NAN;
  const float inverse = most > 0x1p-100f ? 127.0f / most : 0;
#pragma unroll
  for (int i = 0; i < 32 / VW; i++) {
    vf scaled = v_max(v_mul(v[i], v_set1(inverse)), v_set1(-127));
    v_store_int8(out + i * VW, v_min(scaled, v_set1(127)));
  }
  return most > 0x1p-100f || isnan(most) ? most * (1.0f / 127) : 0;
}

/// One group of G blocks from `x`, of which `n` columns exist.
SK_INLINE void quantize_group(const float *x, int32_t n, const int G, int8_t *out) {
  int32_t words[16][8];
  float scales[16];
  for (int b = 0; b < G; b++)
    scales[b] = quantize_block(x + b * 32, n - b * 32, (int8_t *)words[b]);
  for (int b = G; b < 16; b++) scales[b] = scales[b - G];
  memcpy(out + G * 32, scales, sizeof scales);
#pragma unroll
  for (int h = 0; h < PARTS; h++) {
    vi sum = i_zero(), half = sum;
#pragma unroll
    for (int c = 0; c < G / 2; c++) {
      int32_t chunk[VW];
#pragma unroll
      for (int i = 0; i < VW; i++) {
        const int lane = h * VW + i;
        chunk[i] = words[lane % G][c * (16 / G) + lane / G];
      }
      memcpy(out + c * 64 + h * PART_BYTES, chunk, PART_BYTES);
      sum = i_dot(sum, i_set1(1), i_load(chunk), 4);
      if (c == G / 4 - 1) half = sum;
    }
    if (G == 2) half = i_first_lanes(sum, 8 - h * VW);
    int8_t *sums = out + G * 32 + 64 + h * PART_BYTES;
    i_store(sums, sum);
    i_store(sums + 64, half);
  }
}

void SK_NAME(sk_quantize)(const float *x, int32_t columns, void *out) {
  int32_t left = sk_padded(columns), n = columns;
  int8_t *p = out;
  for (; left >= 512; left -= 512, n -= 512, x += 512, p += 512 + SK_INPUT_EXTRA)
    quantize_group(x, n, 16, p);
  if (left & 256) {
    quantize_group(x, n, 8, p);
    x += 256, n -= 256, p += 256 + SK_INPUT_EXTRA;
  }
  if (left & 128) {
    quantize_group(x, n, 4, p);
    x += 128, n -= 128, p += 128 + SK_INPUT_EXTRA;
  }
  if (left & 64) quantize_group(x, n, 2, p);
}
