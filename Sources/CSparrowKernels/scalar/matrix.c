// The scalar reference of matrix products: what every other level is tested against.
#include "scalar.h"

#include "half.h"
#include "chunk.h"

// MARK: - Floats

SK_INLINE float element(const sk_format format, const uint8_t *row, int32_t i) {
  if (format == SK_F16) return sb_half_at(row, i);
  uint16_t bits;
  float value;
  if (format == SK_BF16) {
    memcpy(&bits, row + 2 * (int64_t)i, 2);
    return sb_bfloat_float(bits);
  }
  memcpy(&value, row + 4 * (int64_t)i, 4);
  return value;
}

SK_INLINE void float_tile(const sk_format format, const sk_tile *tile) {
  for (int32_t r = 0; r < SK_TILE_ROWS; r++) {
    // Four sums, so that no sum's error grows with the whole row.
    float sum[4] = {0, 0, 0, 0};
    for (int32_t i = 0; i < tile->columns; i++)
      sum[i % 4] += element(format, tile->rows[r], i) * element(SK_F32, tile->x, i);
    tile->y[r] = (sum[0] + sum[1]) + (sum[2] + sum[3]);
  }
}

static void f32_tile(const sk_tile *tile) { float_tile(SK_F32, tile); }
static void f16_tile(const sk_tile *tile) { float_tile(SK_F16, tile); }
static void bf16_tile(const sk_tile *tile) { float_tile(SK_BF16, tile); }

// MARK: - Blocks

/// The group of `blocks` blocks at column `start` of one row: adds its product to `sum`.
SK_INLINE float group_dot(
  const sk_tile *tile, const sk_format format, const int32_t block, const int32_t minimums,
  const uint8_t *row, int32_t start, int32_t blocks) {
  const sk_layout *l = &tile->layout;
  const int8_t *x = (const int8_t *)tile->x + sk_input_offset(l->columns, start);
  float scales[16];
  memcpy(scales, x + blocks * 32, sizeof scales);
  // Per block and half of it, the sums of weight times input and of the input.
  int32_t dot[2][16] = {{0}}, sum[2][16] = {{0}};
  const int32_t span = 64 / blocks;
  for (int32_t c = 0; c < blocks / 2; c++) {
    uint8_t quants[SK_CHUNK];
    sk_decode_chunk(l, format, row, start / SK_CHUNK + c, quants);
    for (int32_t lane = 0; lane < 16; lane++) {
      int32_t b = lane % blocks, half = (c * span + lane / blocks * 4) / 16;
      for (int32_t i = lane * 4; i < lane * 4 + 4; i++) {
        dot[half][b] += quants[i] * x[c * SK_CHUNK + i];
        sum[half][b] += x[c * SK_CHUNK + i];
      }
    }
  }
  const int32_t halves = block == 16 ? 2 : 1, offset = sk_offset(format, minimums);
  const uint8_t *steps = row + l->steps_at + sk_step_bytes(format, block, start);
  float result = 0;
  for (int32_t b = 0; b < blocks; b++) {
    if (halves == 1) {
      dot[0][b] += dot[1][b];
      sum[0][b] += sum[1][b];
    }
    for (int32_t h = 0; h < halves; h++) {
      const int32_t at = start / block + h * blocks + b;
      const int32_t index = sk_has_steps(format) ? (start + b * 32) / SK_STEP_SPAN : at;
      float scale = sb_half_at(row + l->scales_at, index);
      float minimum = minimums ? sb_half_at(row + l->minimums_at, index) : 0;
      if (sk_has_steps(format)) {
        const sk_step step = sk_decode_step(format, steps, halves * blocks, h * blocks + b);
        scale *= step.scale;
        minimum *= step.minimum;
      }
      result += scale * scales[b] * (float)(dot[h][b] - offset * sum[h][b]);
      if (minimums) result += minimum * (scales[b] * (float)sum[h][b]);
    }
  }
  return result;
}

SK_INLINE void block_tile(
  const sk_tile *tile, const sk_format format, const int32_t block, const int32_t minimums) {
  const sk_layout *l = &tile->layout;
  for (int32_t r = 0; r < SK_TILE_ROWS; r++) {
    float sum = 0;
    int32_t start = 0;
    for (int32_t g = 0; g < l->groups; g++, start += SK_GROUP)
      sum += group_dot(tile, format, block, minimums, tile->rows[r], start, 16);
    for (int32_t blocks = 8; blocks >= 2; blocks /= 2) {
      if (!(l->tail & blocks / 2)) continue;
      sum += group_dot(tile, format, block, minimums, tile->rows[r], start, blocks);
      start += blocks * 32;
    }
    tile->y[r] = sum;
  }
}

#define SK_BLOCK_TILE(name, format, block, minimums) \
  static void name(const sk_tile *tile) { block_tile(tile, format, block, minimums); } \
  static const sk_tiles name##s = {1, {name}};

SK_BLOCK_TILE(q2_tile, SK_Q2, 16, 1)
SK_BLOCK_TILE(q3_tile, SK_Q3, 16, 0)
SK_BLOCK_TILE(q4k_tile, SK_Q4_K, 32, 1)
SK_BLOCK_TILE(q5k_tile, SK_Q5_K, 32, 1)
SK_BLOCK_TILE(q6_tile, SK_Q6, 16, 0)
SK_BLOCK_TILE(iq4_tile, SK_IQ4, 32, 0)
SK_BLOCK_TILE(iq4xs_tile, SK_IQ4_XS, 32, 0)
SK_BLOCK_TILE(fp4_tile, SK_FP4, 32, 0)
SK_BLOCK_TILE(q4_tile, SK_Q4, 32, 0)
SK_BLOCK_TILE(q4m_tile, SK_Q4, 32, 1)
SK_BLOCK_TILE(q4h_tile, SK_Q4, 16, 0)
SK_BLOCK_TILE(q4hm_tile, SK_Q4, 16, 1)
SK_BLOCK_TILE(q5_tile, SK_Q5, 32, 0)
SK_BLOCK_TILE(q5m_tile, SK_Q5, 32, 1)
SK_BLOCK_TILE(q5h_tile, SK_Q5, 16, 0)
SK_BLOCK_TILE(q5hm_tile, SK_Q5, 16, 1)
SK_BLOCK_TILE(q8_tile, SK_Q8, 32, 0)
SK_BLOCK_TILE(q8m_tile, SK_Q8, 32, 1)
SK_BLOCK_TILE(q8h_tile, SK_Q8, 16, 0)
SK_BLOCK_TILE(q8hm_tile, SK_Q8, 16, 1)

const sk_tiles *sk_tiles_scalar(sk_format format, int32_t block, int32_t minimums) {
  static const sk_tiles floats[3] = {
    {1, {f32_tile}}, {1, {f16_tile}}, {1, {bf16_tile}}};
  static const sk_tiles *const blocks[3][4] = {
    {&q4_tiles, &q4m_tiles, &q4h_tiles, &q4hm_tiles},
    {&q5_tiles, &q5m_tiles, &q5h_tiles, &q5hm_tiles},
    {&q8_tiles, &q8m_tiles, &q8h_tiles, &q8hm_tiles},
  };
  switch (format) {
  case SK_Q2: return &q2_tiles;
  case SK_Q3: return &q3_tiles;
  case SK_Q4_K: return &q4k_tiles;
  case SK_Q5_K: return &q5k_tiles;
  case SK_Q6: return &q6_tiles;
  case SK_IQ4: return &iq4_tiles;
  case SK_IQ4_XS: return &iq4xs_tiles;
  case SK_FP4: return &fp4_tiles;
  default: break;
  }
  if (sk_is_float(format)) return &floats[format];
  return blocks[format == SK_Q8 ? 2 : format - SK_Q4][(block == 16) * 2 + (minimums != 0)];
}

// MARK: - Quantising

void sk_quantize_scalar(const float *x, int32_t columns, void *out) {
  int32_t padded = sk_padded(columns);
  memset(out, 0, sk_quantized_bytes(columns));
  for (int32_t start = 0; start < columns; start += 32) {
    int32_t end = columns - start < 32 ? columns : start + 32;
    float most = 0;
    for (int32_t i = start; i < end; i++) {
      float size = fabsf(x[i]);
      // A NaN must reach the scale, and from it the result.
      if (!(size <= most)) most = size;
      if (isnan(most)) break;
    }
    float inverse = most > 0x1p-100f ? 127.0f / most : 0;
    float scale = most > 0x1p-100f || isnan(most) ? most * (1.0f / 127) : 0;
    sk_place p = sk_place_of(padded, start);
    int8_t *group = (int8_t *)out + sk_input_offset(padded, p.start);
    int8_t *after = group + p.blocks * 32;
    for (int32_t lane = p.block; lane < 16; lane += p.blocks)
      memcpy(after + 4 * lane, &scale, 4);
    int32_t *sums = (int32_t *)(after + 64), *halves = (int32_t *)(after + 128);
    for (int32_t i = start; i < end; i++) {
      // The product may round to just above 127; a NaN becomes -127, and the scale carries it on.
      float scaled = x[i] * inverse;
      scaled = scaled > -127 ? scaled : -127;
      int32_t q = (int32_t)rintf(scaled < 127 ? scaled : 127);
      sk_place at = sk_place_of(padded, i);
      group[(at.chunk - p.start / SK_CHUNK) * SK_CHUNK + at.byte] = (int8_t)q;
      sums[at.lane] += q;
      if (i - start < 16) halves[at.lane] += q;
    }
  }
}
