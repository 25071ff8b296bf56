// Tiles of matrix products over block formats with AVX-512 VNNI: `vpdpbusd` of 64 unsigned weights and
// signed inputs into 16 sums, which a scale vector turns to float once in 512 columns.
#if defined(__x86_64__)
#include "avx512.h"
#include "kernels.h"

#define ROWS SK_TILE_ROWS

typedef struct {
  const int bits;
  const int minimums;
  const int block;
  const int tokens;
} shape;

SK_INLINE __m512i load(const void *p) { return _mm512_loadu_si512(p); }

/// The 64 weights of chunk `c` in a group of G blocks; `at` counts chunks from the row's start.
SK_INLINE __m512i weights(
  const sk_tile *tile, const shape s, const int G, const int c, int r, int32_t at) {
  const sk_layout *l = &tile->layout;
  const uint8_t *row = tile->rows[r];
  if (s.bits == 8) return load(row + (int64_t)at * 64);
  __m512i low, nibble = _mm512_set1_epi8(15);
  const uint8_t *p = row + (int64_t)(at - c % 2) * 32;
  if (G == 2) {
    // Half a line holds the chunk: its low nibbles are the first half.
    __m256i half = _mm256_loadu_si256((const __m256i *)p);
    low = _mm512_inserti64x4(_mm512_castsi256_si512(half), _mm256_srli_epi16(half, 4), 1);
  } else {
    low = c % 2 == 0 ? load(p) : _mm512_srli_epi16(load(p), 4);
  }
  low = _mm512_and_si512(low, nibble);
  if (s.bits == 4) return low;
  const uint8_t *high = row + l->bits_at;
  if (G < 16) {
    // The tail's masks follow the planes of all full groups.
    high += (int64_t)at * 8 * (s.bits - 4);
    uint64_t fifth, sixth;
    memcpy(&fifth, high, 8);
    low = _mm512_mask_add_epi8(low, fifth, low, _mm512_set1_epi8(16));
    if (s.bits == 5) return low;
    memcpy(&sixth, high + 8, 8);
    return _mm512_mask_add_epi8(low, sixth, low, _mm512_set1_epi8(32));
  }
  if (s.bits == 5) {
    high += (int64_t)(at / 8) * 64;
    __m512i plane = load(high);
    plane = c < 4 ? _mm512_slli_epi16(plane, c < 4 ? 4 - c : 0)
                  : _mm512_srli_epi16(plane, c < 4 ? 0 : c - 4);
    // low | (plane & 16)
    return _mm512_ternarylogic_epi32(low, plane, _mm512_set1_epi8(16), 0xf8);
  }
  high += (int64_t)(at / 8) * 128 + c / 4 * 64;
  __m512i plane = load(high);
  plane = c % 4 < 3 ? _mm512_slli_epi16(plane, c % 4 < 3 ? 4 - c % 4 * 2 : 0)
                    : _mm512_srli_epi16(plane, 2);
  return _mm512_ternarylogic_epi32(low, plane, _mm512_set1_epi8(48), 0xf8);
}

/// Float16 numbers of G blocks, lane j: block j % G.
SK_INLINE __m512 block_floats(const uint8_t *p, const int G) {
  if (G == 16) return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)p));
  if (G == 8) {
    __m256 v = _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)p));
    return _mm512_broadcast_f32x8(v);
  }
  if (G == 4) return _mm512_broadcast_f32x4(_mm_cvtph_ps(_mm_loadl_epi64((const __m128i *)p)));
  __m128 v = _mm_cvtph_ps(_mm_loadu_si32(p));
  return _mm512_castpd_ps(_mm512_broadcastsd_pd(_mm_castps_pd(v)));
}

/// Scales (or minimums) of a group's blocks; of blocks of 16 those of half `half`. A group of 2 blocks is one
/// chunk, whose upper lanes are the second halves.
SK_INLINE __m512 group_floats(
  const uint8_t *plane, const shape s, const int G, int32_t start, const int half) {
  if (s.block == 32) return block_floats(plane + start / 32 * 2, G);
  const uint8_t *p = plane + start / 16 * 2;
  if (G > 2) return block_floats(p + half * G * 2, G);
  __m512 v = _mm512_castps128_ps512(_mm_cvtph_ps(_mm_loadl_epi64((const __m128i *)p)));
  __m512i pick = _mm512_setr_epi32(0, 1, 0, 1, 0, 1, 0, 1, 2, 3, 2, 3, 2, 3, 2, 3);
  return _mm512_permutexvar_ps(pick, v);
}

/// One half (of blocks of 16) or all (of blocks of 32) of a group of G blocks.
SK_INLINE void half_group(
  const sk_tile *tile, const shape s, const int G, const int half, int32_t start, const int8_t *x,
  __m512 sum[ROWS][SK_TILE_TOKENS]) {
  const int halves = s.block == 16 && G > 2 ? 2 : 1, chunks = G / 2 / halves;
  __m512i dot[ROWS][SK_TILE_TOKENS], xsum[SK_TILE_TOKENS];
#pragma unroll
  for (int t = 0; t < s.tokens; t++) {
    const int8_t *after = x + (size_t)t * tile->x_stride + G * 32;
    xsum[t] = halves == 1 ? load(after + 64)
              : half == 0 ? load(after + 128)
                          : _mm512_sub_epi32(load(after + 64), load(after + 128));
    __m512i first = s.minimums
                      ? _mm512_setzero_si512()
                      : _mm512_sub_epi32(
                          _mm512_setzero_si512(), _mm512_slli_epi32(xsum[t], s.bits - 1));
#pragma unroll
    for (int r = 0; r < ROWS; r++) dot[r][t] = first;
  }
#pragma unroll
  for (int i = 0; i < chunks; i++) {
    const int c = half * chunks + i;
    __m512i w[ROWS];
#pragma unroll
    for (int r = 0; r < ROWS; r++) w[r] = weights(tile, s, G, c, r, start / 64 + c);
#pragma unroll
    for (int t = 0; t < s.tokens; t++) {
      __m512i v = load(x + (size_t)t * tile->x_stride + c * 64);
#pragma unroll
      for (int r = 0; r < ROWS; r++) dot[r][t] = _mm512_dpbusd_epi32(dot[r][t], w[r], v);
    }
  }
#pragma unroll
  for (int r = 0; r < ROWS; r++) {
    __m512 scale = group_floats(tile->rows[r] + tile->layout.scales_at, s, G, start, half);
    __m512 minimum = v_zero();
    if (s.minimums)
      minimum = group_floats(tile->rows[r] + tile->layout.minimums_at, s, G, start, half);
#pragma unroll
    for (int t = 0; t < s.tokens; t++) {
      __m512 d = v_load((const float *)(x + (size_t)t * tile->x_stride + G * 32));
      sum[r][t] = v_fma(_mm512_cvtepi32_ps(dot[r][t]), v_mul(scale, d), sum[r][t]);
      if (s.minimums) sum[r][t] = v_fma(minimum, v_mul(d, _mm512_cvtepi32_ps(xsum[t])), sum[r][t]);
    }
  }
}

SK_INLINE void group(
  const sk_tile *tile, const shape s, const int G, int32_t start, const int8_t *x,
  __m512 sum[ROWS][SK_TILE_TOKENS]) {
  half_group(tile, s, G, 0, start, x, sum);
  if (s.block == 16 && G > 2) half_group(tile, s, G, 1, start, x, sum);
}

SK_INLINE void block_tile(const sk_tile *tile, const shape s) {
  const sk_layout *l = &tile->layout;
  __m512 sum[ROWS][SK_TILE_TOKENS];
#pragma unroll
  for (int r = 0; r < ROWS; r++)
#pragma unroll
    for (int t = 0; t < s.tokens; t++) sum[r][t] = v_zero();
  const int8_t *x = (const int8_t *)tile->x;
  int32_t start = 0;
  for (int32_t g = 0; g < l->groups; g++, start += 512, x += 512 + SK_INPUT_EXTRA)
    group(tile, s, 16, start, x, sum);
  if (l->tail & 4) {
    group(tile, s, 8, start, x, sum);
    start += 256, x += 256 + SK_INPUT_EXTRA;
  }
  if (l->tail & 2) {
    group(tile, s, 4, start, x, sum);
    start += 128, x += 128 + SK_INPUT_EXTRA;
  }
  if (l->tail & 1) group(tile, s, 2, start, x, sum);
#pragma unroll
  for (int t = 0; t < s.tokens; t++)
    v_store_sums(tile->y + t * tile->y_stride, sum[0][t], sum[1][t], sum[2][t], sum[3][t]);
}

#define TILE(name, bits, minimums, block, tokens) \
  static void name##_##tokens(const sk_tile *tile) { \
    block_tile(tile, (shape){bits, minimums, block, tokens}); \
  }
#define TILES(name, bits, minimums, block) \
  TILE(name, bits, minimums, block, 1) \
  TILE(name, bits, minimums, block, 2) \
  TILE(name, bits, minimums, block, 3) \
  TILE(name, bits, minimums, block, 4) \
  static const sk_tiles name = {4, {name##_1, name##_2, name##_3, name##_4}};

TILES(q4, 4, 0, 32)
TILES(q4m, 4, 1, 32)
TILES(q5, 5, 0, 32)
TILES(q5m, 5, 1, 32)
TILES(q6, 6, 0, 16)
TILES(q8, 8, 0, 32)

#define FLOATS(name, format) \
  static const sk_tiles name = { \
    6, {name##_1, name##_2, name##_3, name##_4, name##_5, name##_6}};
#include "float_tile.h"
#define FLOAT_TILES(name, format) \
  SK_FLOAT_TILE(name, format, 1) \
  SK_FLOAT_TILE(name, format, 2) \
  SK_FLOAT_TILE(name, format, 3) \
  SK_FLOAT_TILE(name, format, 4) \
  SK_FLOAT_TILE(name, format, 5) \
  SK_FLOAT_TILE(name, format, 6) \
  FLOATS(name, format)

FLOAT_TILES(f32, SK_F32)
FLOAT_TILES(f16, SK_F16)
FLOAT_TILES(bf16, SK_BF16)

const sk_tiles *SK_NAME(sk_tiles)(sk_format format, int32_t block, int32_t minimums) {
  switch (format) {
  case SK_F32: return &f32;
  case SK_F16: return &f16;
  case SK_BF16: return &bf16;
  case SK_Q4: if (block == 32) return minimums ? &q4m : &q4; break;
  case SK_Q5: if (block == 32) return minimums ? &q5m : &q5; break;
  case SK_Q6: if (block == 16 && !minimums) return &q6; break;
  case SK_Q8: if (block == 32 && !minimums) return &q8; break;
  }
  return sk_table_scalar.tiles(format, block, minimums);
}

// MARK: - Quantising

/// Quantises 32 floats (fewer: the rest is 0) to 32 bytes; returns their scale.
SK_INLINE float quantize_block(const float *x, int32_t n, int8_t *out) {
  vf a, b;
  if (n >= 32) {
    a = v_load(x), b = v_load(x + 16);
  } else {
    a = v_load_part(x, n < 16 ? n : 16);
    b = n > 16 ? v_load_part(x + 16, n - 16) : v_zero();
  }
  float most = v_hmax(v_max(v_abs(a), v_abs(b)));
  if (_mm512_cmp_ps_mask(a, a, _CMP_UNORD_Q) | _mm512_cmp_ps_mask(b, b, _CMP_UNORD_Q)) most = NAN;
  float inverse = most > 0x1p-100f ? 127.0f / most : 0;
  // x86's max returns its second operand for a NaN: -127, as the scalar version has it.
  vf k = v_set1(inverse), low = v_set1(-127), high = v_set1(127);
  a = v_min(v_max(v_mul(a, k), low), high);
  b = v_min(v_max(v_mul(b, k), low), high);
  _mm_storeu_si128((__m128i *)out, _mm512_cvtepi32_epi8(_mm512_cvtps_epi32(a)));
  _mm_storeu_si128((__m128i *)(out + 16), _mm512_cvtepi32_epi8(_mm512_cvtps_epi32(b)));
  return most > 0x1p-100f || isnan(most) ? most * (1.0f / 127) : 0;
}

/// One group of G blocks from `x`, of which `n` columns exist.
SK_INLINE void quantize_group(const float *x, int32_t n, const int G, int8_t *out) {
  int8_t bytes[512] __attribute__((aligned(64)));
  float scales[16];
  for (int b = 0; b < G; b++) {
    int32_t left = n - b * 32;
    scales[b] = quantize_block(x + b * 32, left < 0 ? 0 : left, bytes + b * 32);
  }
  for (int b = G; b < 16; b++) scales[b] = scales[b - G];
  const int span = 16 / G;
  __m512i lane = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  __m512i block = _mm512_and_si512(lane, _mm512_set1_epi32(G - 1));
  __m512i part = _mm512_srli_epi32(lane, (unsigned)__builtin_ctz((unsigned)G));
  __m512i from = _mm512_add_epi32(_mm512_slli_epi32(block, 3), part);
  __m512i ones = _mm512_set1_epi8(1), sum = _mm512_setzero_si512(), half = sum;
#pragma unroll
  for (int c = 0; c < G / 2; c++) {
    __m512i v = _mm512_i32gather_epi32(from, (const int *)(bytes + c * span * 4), 4);
    _mm512_storeu_si512(out + c * 64, v);
    sum = _mm512_dpbusd_epi32(sum, ones, v);
    if (c == G / 4 - 1) half = sum;
  }
  if (G == 2) half = _mm512_maskz_mov_epi32(0xff, sum);
  v_store((float *)(out + G * 32), v_load(scales));
  _mm512_storeu_si512(out + G * 32 + 64, sum);
  _mm512_storeu_si512(out + G * 32 + 128, half);
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

#pragma clang attribute pop
#endif
