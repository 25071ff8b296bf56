// Matrix products over an instruction set's tiles: the loops that all formats share.
#include "internal.h"

/// Input bytes that a token block may take: half of a 48 KiB first-level cache, the rest is for
/// weights.
#define SK_INPUT_CACHE (24 << 10)
/// Weight bytes that a row block may take of the second-level cache.
#define SK_WEIGHT_CACHE (384 << 10)
/// How far ahead of the rows in work to prefetch: what arrives from memory in the time of one miss,
/// twice over.
#define SK_AHEAD_BYTES 8192
/// Rows of this many bytes are long: those of the next tile asked for at once are a burst, and
/// then nothing is under way while they are worked on. So tiles ask as they go: 1.03 to 1.17 times
/// the speed for floats, one core; blocks of 11,008 columns read at 0.69 to 0.87 of plain reads
/// where they had 0.41 to 0.79.
#define SK_LONG_FLOAT_ROW 4096
#define SK_LONG_BLOCK_ROW 2048

static sk_tile tile_of(const sk_matrix *w, const void *x, size_t x_stride) {
  sk_tile tile = {.x = x, .x_stride = x_stride, .columns = w->columns};
  if (!sk_is_float(w->format))
    tile.layout = sk_layout_of(w->format, w->block, w->minimums, w->columns);
  return tile;
}

static const uint8_t *row_at(const sk_matrix *w, int64_t row) {
  return (const uint8_t *)w->data + row * w->row_bytes;
}

/// Runs a tile of fewer than four rows: the last one stands in for those that are missing.
static void run_short(sk_tile_fn fn, sk_tile tile, int32_t rows, int32_t tokens) {
  float out[SK_TILE_TOKENS * SK_TILE_ROWS];
  float *y = tile.y;
  for (int32_t r = rows; r < SK_TILE_ROWS; r++)
    tile.rows[r] = tile.rows[rows - 1];
  int64_t stride = tile.y_stride;
  tile.y = out;
  tile.y_stride = SK_TILE_ROWS;
  fn(&tile);
  for (int32_t t = 0; t < tokens; t++)
    memcpy(y + t * stride, out + t * SK_TILE_ROWS, (size_t)rows * sizeof(float));
}

/// Asks for the lines of memory from `p` to `next`, at most to `end`: beyond it lie rows that
/// another thread reads. Returns where to go on.
///
/// Hardware prefetching alone leaves half the bandwidth of short rows unused: tiles read four rows
/// at once, and rows rarely start on a line.
SK_INLINE const uint8_t *prefetch(const uint8_t *p, const uint8_t *next, const uint8_t *end) {
  if (next > end) next = end;
  for (; p < next; p += 64) __builtin_prefetch(p);
  return p;
}

void sk_gemv(const sk_matrix *w, const void *x, float *y, int32_t row0, int32_t row1) {
  if (row1 <= row0) return;
  const sk_tiles *tiles = sk_current()->tiles(w->format, w->block, w->minimums);
  sk_tile tile = tile_of(w, x, 0);
  sk_tile_fn fn = tiles->fn[0];
  const int64_t bytes = w->row_bytes;
  const uint8_t *end = row_at(w, row1), *asked = row_at(w, row0);
  if (bytes >= (sk_is_float(w->format) ? SK_LONG_FLOAT_ROW : SK_LONG_BLOCK_ROW)) {
    tile.ahead = (int32_t)bytes * SK_TILE_ROWS;
    prefetch(asked, asked + tile.ahead, end);
    asked = end;
  }
  int32_t row = row0;
  for (; row + SK_TILE_ROWS <= row1; row += SK_TILE_ROWS) {
    const uint8_t *first = row_at(w, row);
    for (int32_t r = 0; r < SK_TILE_ROWS; r++) tile.rows[r] = first + r * bytes;
    tile.y = y + row;
    asked = prefetch(asked, first + SK_AHEAD_BYTES + bytes * SK_TILE_ROWS, end);
    fn(&tile);
  }
  if (row == row1) return;
  for (int32_t r = 0; r < row1 - row; r++) tile.rows[r] = row_at(w, row + r);
  tile.y = y + row;
  run_short(fn, tile, row1 - row, 1);
}

void sk_gemv_rows(
  const sk_matrix *w, const void *x, const int32_t *rows, int32_t begin, int32_t end, float *y) {
  if (end <= begin) return;
  const sk_tiles *tiles = sk_current()->tiles(w->format, w->block, w->minimums);
  sk_tile tile = tile_of(w, x, 0);
  sk_tile_fn fn = tiles->fn[0];
  // Whole tiles, at least the next one.
  int64_t bytes = w->row_bytes, ahead = SK_TILE_ROWS;
  while (ahead * bytes < SK_AHEAD_BYTES) ahead += SK_TILE_ROWS;
  int64_t asked = begin;
  for (int64_t i = begin; i < end; i += SK_TILE_ROWS) {
    int32_t left = (int32_t)(end - i), count = left < SK_TILE_ROWS ? left : SK_TILE_ROWS;
    for (; asked < end && asked < i + SK_TILE_ROWS + ahead; asked++) {
      const uint8_t *row = row_at(w, rows[asked]);
      prefetch(row - ((uintptr_t)row & 63), row + bytes, row + bytes);
    }
    for (int32_t r = 0; r < count; r++) tile.rows[r] = row_at(w, rows[i + r]);
    tile.y = y + i;
    if (count < SK_TILE_ROWS) run_short(fn, tile, count, 1);
    else fn(&tile);
  }
}

/// All tokens of a token block for the rows of a row block, which are `cold` when nothing has read
/// them yet.
static void gemm_block(
  const sk_tiles *tiles, const sk_matrix *w, sk_tile tile, const uint8_t *x, int32_t tokens,
  float *y, int32_t row0, int32_t row1, int32_t cold) {
  const uint8_t *asked = row_at(w, row0), *end = row_at(w, row1);
  for (int32_t row = row0; row < row1; row += SK_TILE_ROWS) {
    int32_t rows = row1 - row < SK_TILE_ROWS ? row1 - row : SK_TILE_ROWS;
    for (int32_t r = 0; r < rows; r++) tile.rows[r] = row_at(w, row + r);
    if (cold)
      asked =
        prefetch(asked, tile.rows[0] + SK_AHEAD_BYTES + w->row_bytes * SK_TILE_ROWS, end);
    for (int32_t t = 0; t < tokens;) {
      // Two tiles of even size beat a full one and a remainder of one.
      int32_t left = tokens - t, full = tiles->tokens;
      int32_t n = left <= full ? left : left < 2 * full ? (left + 1) / 2 : full;
      tile.x = x + (size_t)t * tile.x_stride;
      tile.y = y + t * tile.y_stride + row;
      if (rows < SK_TILE_ROWS) run_short(tiles->fn[n - 1], tile, rows, n);
      else tiles->fn[n - 1](&tile);
      t += n;
    }
  }
}

void sk_gemm(
  const sk_matrix *w, const void *x, size_t x_stride, int32_t tokens, float *y, int64_t y_stride,
  int32_t row0, int32_t row1) {
  if (row1 <= row0 || tokens <= 0) return;
  const sk_tiles *tiles = sk_current()->tiles(w->format, w->block, w->minimums);
  sk_tile tile = tile_of(w, x, x_stride);
  tile.y_stride = y_stride;
  int64_t block_rows = SK_WEIGHT_CACHE / w->row_bytes & ~(SK_TILE_ROWS - 1);
  if (block_rows < 2 * SK_TILE_ROWS) block_rows = 2 * SK_TILE_ROWS;
  int32_t full = tiles->tokens;
  int64_t block_tokens = x_stride ? (int64_t)(SK_INPUT_CACHE / x_stride) / full * full : tokens;
  if (block_tokens < full) block_tokens = full;
  for (int64_t r = row0; r < row1; r += block_rows) {
    int32_t end = row1 - r < block_rows ? row1 : (int32_t)(r + block_rows);
    for (int64_t t = 0; t < tokens; t += block_tokens) {
      int32_t n = (int32_t)(tokens - t < block_tokens ? tokens - t : block_tokens);
      const uint8_t *xt = (const uint8_t *)x + (size_t)t * x_stride;
      gemm_block(tiles, w, tile, xt, n, y + t * y_stride, (int32_t)r, end, t == 0);
    }
  }
}
