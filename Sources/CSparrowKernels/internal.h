/// What the files of this target share: the table of kernels one instruction set provides, and the
/// shape of a packed row.
#pragma once
#include "format.h"

#include <math.h>
#include <string.h>

/// Rows that one tile computes together: enough to share an input's loads and a horizontal sum.
#define SK_TILE_ROWS 4
/// Most tokens of a tile on any instruction set.
#define SK_TILE_TOKENS 8

// MARK: - Packed rows of blocks

// A row's columns are cut into groups of 16, 8, 4 and 2 blocks of 32: as many groups of 16 as fit,
// then what is left in falling powers of two. A group of G blocks is G/2 chunks of 64 bytes (one
// byte a weight, before planes); 32-bit lane j of a chunk holds four weights of block j % G. So the
// 16 integer sums that a dot product leaves in a 512-bit register belong to G blocks, lane by lane,
// and scales are applied once a group instead of once a block. `sk_quantize` puts inputs into the
// same order.
#define SK_GROUP 512
#define SK_CHUNK 64

/// Bytes that follow a group's quants in a quantised input: 16 float scales (lane j: block j % G),
/// 16 int32 lane sums of the group's quants, and 16 int32 lane sums of the first half of each
/// block.
#define SK_INPUT_EXTRA 192

typedef struct {
  int32_t columns;      ///< padded to 64
  int32_t groups;       ///< full groups of 16 blocks
  int32_t tail;         ///< chunks in the groups of 8, 4 and 2 blocks, 0...7
  int32_t bits_at;      ///< offset of the planes of high bits
  int32_t scales_at;    ///< offset of the scales
  int32_t minimums_at;  ///< offset of the minimums
  int32_t steps_at;     ///< offset of the steps
  int32_t bytes;        ///< end of the row
} sk_layout;

SK_INLINE int32_t sk_padded(int32_t columns) { return (columns + 63) & ~63; }

SK_INLINE sk_layout sk_layout_of(
  sk_format format, int32_t block, int32_t minimums, int32_t columns) {
  sk_layout l;
  const int32_t bits = sk_bits(format), low = sk_low_bits(format);
  l.columns = sk_padded(columns);
  l.groups = l.columns / SK_GROUP;
  l.tail = l.columns % SK_GROUP / SK_CHUNK;
  l.bits_at = l.columns / 8 * low;
  l.scales_at = l.bits_at + l.columns / 8 * (bits - low);
  const int32_t scales = l.columns / sk_scale_span(format, block);
  l.minimums_at = l.scales_at + 2 * scales;
  l.steps_at = minimums ? l.minimums_at + 2 * scales : l.minimums_at;
  l.bytes = l.steps_at + sk_step_bytes(format, block, l.columns);
  return l;
}

/// Where a column lies.
typedef struct {
  int32_t start;   ///< first column of its group
  int32_t blocks;  ///< blocks in its group (G)
  int32_t block;   ///< its block of 32 within the group
  int32_t lane;    ///< its 32-bit lane within the chunk
  int32_t chunk;   ///< its chunk, counted from the row's start
  int32_t byte;    ///< its byte within the chunk
} sk_place;

/// Blocks of the group that starts at column `start` of a row of `columns`, which is padded.
SK_INLINE int32_t sk_group_blocks(int32_t columns, int32_t start) {
  const int32_t left = columns - start;
  if (left >= SK_GROUP) return 16;
  return left & 256 ? 8 : left & 128 ? 4 : 2;
}

SK_INLINE sk_place sk_place_of(int32_t columns, int32_t column) {
  sk_place p;
  p.start = column / SK_GROUP * SK_GROUP;
  while (column >= p.start + (p.blocks = sk_group_blocks(columns, p.start)) * 32)
    p.start += p.blocks * 32;
  int32_t inside = column % 32, span = 64 / p.blocks;
  p.block = (column - p.start) / 32;
  p.lane = inside % span / 4 * p.blocks + p.block;
  p.chunk = p.start / 64 + inside / span;
  p.byte = p.lane * 4 + inside % 4;
  return p;
}

/// Byte offset, in a quantised input, of the group that starts at column `start`.
SK_INLINE int64_t sk_input_offset(int32_t columns, int32_t start) {
  int32_t groups = start / SK_GROUP, left = columns - groups * SK_GROUP;
  int32_t tail = start % SK_GROUP;
  if (left < SK_GROUP) groups += __builtin_popcount((uint32_t)tail / 64);
  return (int64_t)start + (int64_t)groups * SK_INPUT_EXTRA;
}

// MARK: - Columns

/// Rows that a column's storage is padded to.
#define SK_COLUMN_ROWS 64

SK_INLINE int32_t sk_padded_rows(int32_t rows) {
  return (rows + SK_COLUMN_ROWS - 1) & ~(SK_COLUMN_ROWS - 1);
}

/// Columns of a group, at most and at least.
#define SK_MOST_GROUPED 32
#define SK_LEAST_GROUPED 8

/// Where the quant of a column and row of 64 lies in what a group has of these rows: four columns of
/// 16 rows are a dot product's 64 bytes. Of nibbles, those of the next four columns are the high
/// halves.
SK_INLINE int32_t sk_grouped_byte(int32_t bits, int32_t column, int32_t row) {
  const int32_t four = bits == 4 ? column / 8 : column / 4;
  return four * 256 + row * 4 + column % 4;
}

/// One packed row in column order, in memory of the caller's; a part may be NULL where the format
/// has none.
typedef struct {
  uint8_t *quants;  ///< values before their offset is taken
  uint16_t *scales, *minimums;
  int8_t *steps, *minimum_steps;
} sk_row;

void sk_read_row(const sk_matrix *w, int32_t row, const sk_row *to);

// MARK: - Tiles

/// One tile of a matrix product: four rows times a fixed count of tokens.
typedef struct {
  const uint8_t *rows[SK_TILE_ROWS];
  const uint8_t *x;
  size_t x_stride;  ///< bytes between tokens
  float *y;
  int64_t y_stride;  ///< floats between tokens; the four rows' results are adjacent
  int32_t columns;
  const uint8_t *ask;  ///< memory to prefetch meanwhile; NULL for none, of one token
  int32_t ask_step;    ///< bytes of it from one line to the next, of blocks for each group
  sk_layout layout;  ///< of block formats
  const float *scales;  ///< of rows whose scales are spread out; else NULL
  int32_t scales_step;  ///< from a row's to the next one's
} sk_tile;

typedef void (*sk_tile_fn)(const sk_tile *tile);

/// Tile kernels of one packed format: `fn[t - 1]` does t tokens, t in 1...`tokens`. A row and a
/// token give the same bits in every one of them, so that prefill, decode and gathers agree
/// exactly.
typedef struct {
  int32_t tokens;
  sk_tile_fn fn[SK_TILE_TOKENS];
  /// Where scales are steps, the same over rows whose scales have been spread out as floats: many
  /// tokens then share that work.
  sk_tile_fn spread[SK_TILE_TOKENS];
  /// Spreads out those of a tile's rows; NULL for formats without steps.
  void (*spread_scales)(const sk_tile *tile, float *scales);
  int32_t spread_floats;  ///< of a row for each 512 columns begun
} sk_tiles;

// MARK: - One instruction set

typedef struct {
  const char *name;
  const sk_tiles *(*tiles)(sk_format format, int32_t block, int32_t minimums);
  void (*quantize)(const float *x, int32_t columns, void *out);
  void (*rms_norm)(const float *x, const float *weight, float epsilon, int32_t n, float *y);
  void (*layer_norm)(
    const float *x, const float *weight, const float *bias, float epsilon, int32_t n, float *y);
  void (*rotate)(
    float *x, int32_t heads, int32_t head_dim, int32_t rotary, const float *cosine,
    const float *sine, int32_t interleaved);
  void (*activate)(sk_activation kind, const float *x, const float *up, float *y, int32_t n);
  void (*add_acc)(const float *x, float *y, int32_t n);
  void (*scale)(const float *x, float scale, float *y, int32_t n);
  void (*softcap)(const float *x, float cap, float *y, int32_t n);
  void (*to_f16)(const float *x, uint16_t *y, int32_t n);
  void (*from_f16)(const uint16_t *x, float *y, int32_t n);
  void (*attend)(
    const sk_attention *a, const float *q, int64_t q_stride, int32_t heads, int32_t tokens,
    int32_t first, const sk_cached_head *cache, float *out, int64_t out_stride, void *scratch);
  int32_t (*argmax)(const float *x, int32_t n);
  float (*log_sum_exp)(const float *x, int32_t n);
  int32_t (*select_above)(
    const float *x, int32_t n, float threshold, int32_t base, int32_t *indices, int32_t capacity);
  void (*sketch_scores)(
    const uint8_t *codes, const uint8_t *tables, const uint16_t *bias, int32_t pairs, float scale,
    float offset, int32_t block0, int32_t block1, float *scores, float *block_best);
  void (*columns_acc)(
    const sk_columns *w, const int32_t *columns, const float *a, int32_t count, float *y);
  /// Adds a group that begins at `column`; asks for its memory some way ahead, and then for that of
  /// the one that begins at `next`.
  void (*group_acc)(
    const sk_columns *w, int32_t column, int32_t next, const int8_t *a, float scale, float *y);
  uint64_t (*read_sum)(const void *memory, size_t bytes);
} sk_table;

extern const sk_table sk_table_scalar;
#if defined(__x86_64__)
extern const sk_table sk_table_avx512;
extern const sk_table sk_table_avx2;
#elif defined(__aarch64__)
extern const sk_table sk_table_neon;
#endif

/// The table in use.
const sk_table *sk_current(void);

/// Queries that attention takes at once, at most.
#define SK_ATTEND_QUERIES 6
