// Matrix products over an instruction set's tiles: the loops that all formats share.
#include "internal.h"

/// Input bytes that a token block may take: two thirds of a 48 KiB first-level cache, the rest is
/// for weights.
#define SK_INPUT_CACHE (32 << 10)
/// So many tokens are one block, whatever the first-level cache holds: a second block of them reads
/// weights that have come already, and no memory meanwhile. Eight tokens of 11,008 columns took 2.1
/// times one token, now 1.4 (Q4_K).
#define SK_FEW_TOKENS 16
/// Weight bytes that a row block may take of the second-level cache.
#define SK_WEIGHT_CACHE (384 << 10)
/// Floats of a row block's scales, where they are spread out.
#define SK_SPREAD (32 << 10)
/// How far ahead of the rows in work to prefetch: what arrives from memory in the time of one miss,
/// twice over.
#define SK_AHEAD_BYTES 8192
/// The same where several tokens come between: twice that, asked for in pieces between the
/// products. All at once, nothing is computed meanwhile: 4 tokens took 1.25 times one token, now
/// 1.1 (F16).
#define SK_GEMM_AHEAD_BYTES 16384
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

/// Bytes from one line to the next, or for each group of blocks, that a tile asks for to have asked
/// for so many of its rows' bytes in the end.
static int32_t ask_step_of(const sk_matrix *w, const sk_tile *tile, int64_t bytes) {
  if (!sk_is_float(w->format))
    return tile->layout.groups ? (int32_t)(bytes / tile->layout.groups + 1) : 0;
  const int64_t all = w->row_bytes * SK_TILE_ROWS;
  return (int32_t)((64 * bytes + all - 1) / all);
}

static int32_t is_row_long(const sk_matrix *w) {
  return w->row_bytes >= (sk_is_float(w->format) ? SK_LONG_FLOAT_ROW : SK_LONG_BLOCK_ROW);
}

void sk_gemv(const sk_matrix *w, const void *x, float *y, int32_t row0, int32_t row1) {
  if (row1 <= row0) return;
  const sk_tiles *tiles = sk_current()->tiles(w->format, w->block, w->minimums);
  sk_tile tile = tile_of(w, x, 0);
  sk_tile_fn fn = tiles->fn[0];
  const int64_t bytes = w->row_bytes;
  const uint8_t *end = row_at(w, row1), *asked = row_at(w, row0);
  if (is_row_long(w)) {
    tile.ask = asked + bytes * SK_TILE_ROWS;
    tile.ask_step = ask_step_of(w, &tile, bytes * SK_TILE_ROWS);
    prefetch(asked, tile.ask, end);
    asked = end;
  }
  int32_t row = row0;
  for (; row + SK_TILE_ROWS <= row1; row += SK_TILE_ROWS) {
    const uint8_t *first = row_at(w, row);
    for (int32_t r = 0; r < SK_TILE_ROWS; r++) tile.rows[r] = first + r * bytes;
    tile.y = y + row;
    asked = prefetch(asked, first + SK_AHEAD_BYTES + bytes * SK_TILE_ROWS, end);
    fn(&tile);
    if (tile.ask) tile.ask += bytes * SK_TILE_ROWS;
  }
  if (row == row1) return;
  for (int32_t r = 0; r < row1 - row; r++) tile.rows[r] = row_at(w, row + r);
  tile.y = y + row;
  run_short(fn, tile, row1 - row, 1);
}

/// Asks for a row of a list; `last` is the end of the one before, with which a neighbour shares a
/// line. Returns its own end.
static const uint8_t *prefetch_row(const sk_matrix *w, int32_t row, const uint8_t *last) {
  const uint8_t *p = row_at(w, row), *end = p + w->row_bytes;
  const uintptr_t inside = (uintptr_t)p & 63;
  p += p == last ? (64 - inside) & 63 : -inside;
  prefetch(p, end, end);
  return end;
}

static int32_t are_neighbours(const int32_t *rows, int64_t begin, int64_t end) {
  return begin + SK_TILE_ROWS <= end &&
         rows[begin + SK_TILE_ROWS - 1] == rows[begin] + SK_TILE_ROWS - 1;
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
  // Neighbours are asked for by the tile as it goes: 1.1 times the speed for rows of 616 bytes, 1.4
  // for rows of 2,304.
  const int32_t asks = !sk_is_float(w->format) || is_row_long(w);
  if (asks) tile.ask_step = ask_step_of(w, &tile, bytes * SK_TILE_ROWS);
  int64_t asked = begin;
  const uint8_t *last = NULL;
  for (int64_t i = begin; i < end; i += SK_TILE_ROWS) {
    int32_t left = (int32_t)(end - i), count = left < SK_TILE_ROWS ? left : SK_TILE_ROWS;
    tile.ask = NULL;
    if (tile.ask_step && asked == i + ahead && are_neighbours(rows, asked, end)) {
      tile.ask = row_at(w, rows[asked]);
      asked += SK_TILE_ROWS;
      last = tile.ask + bytes * SK_TILE_ROWS;
    }
    for (; asked < end && asked < i + SK_TILE_ROWS + ahead; asked++)
      last = prefetch_row(w, rows[asked], last);
    for (int32_t r = 0; r < count; r++) tile.rows[r] = row_at(w, rows[i + r]);
    tile.y = y + i;
    if (count < SK_TILE_ROWS) run_short(fn, tile, count, 1);
    else fn(&tile);
  }
}

/// Whether tiles of several tokens ask for memory themselves: between them there is time for the
/// lines of short rows of blocks only.
static int32_t do_tiles_ask(const sk_matrix *w) {
  return is_row_long(w) || sk_is_float(w->format);
}

/// All tokens of a token block for the rows of a row block. Nothing has read them yet where memory
/// up to `end` is asked for; NULL asks for none.
static void gemm_block(
  const sk_tiles *tiles, const sk_matrix *w, sk_tile tile, const uint8_t *x, int32_t tokens,
  float *y, int32_t row0, int32_t row1, const uint8_t *end) {
  const int64_t bytes = w->row_bytes, tile_bytes = bytes * SK_TILE_ROWS;
  // Tiles of even size beat full ones and a small remainder.
  const int32_t parts = (tokens + tiles->tokens - 1) / tiles->tokens;
  const int32_t least = tokens / parts, larger = tokens % parts;
  const int64_t part_bytes = tile_bytes / parts;
  const int64_t ahead_bytes = is_row_long(w) ? tile_bytes : SK_GEMM_AHEAD_BYTES;
  const int32_t tiles_ask = do_tiles_ask(w);
  const int32_t ask_step = ask_step_of(w, &tile, part_bytes);
  const uint8_t *asked = row_at(w, row0);
  const sk_tile_fn *fn = tile.scales ? tiles->spread : tiles->fn;
  for (int32_t row = row0; row < row1; row += SK_TILE_ROWS) {
    const uint8_t *first = row_at(w, row), *ahead = first + ahead_bytes;
    for (int32_t r = 0; r < SK_TILE_ROWS; r++) tile.rows[r] = first + r * bytes;
    const int32_t asks = tiles_ask && ahead < end;
    tile.ask = asks ? ahead : first;
    tile.ask_step = asks ? ask_step : 0;
    tile.x = x;
    tile.y = y + row;
    for (int32_t part = 0; part < parts; part++) {
      const int32_t n = least + (part < larger);
      if (end && !tiles_ask) asked = prefetch(asked, ahead + part_bytes * (part + 1), end);
      if (row1 - row < SK_TILE_ROWS) run_short(fn[n - 1], tile, row1 - row, n);
      else fn[n - 1](&tile);
      tile.x += (size_t)n * tile.x_stride;
      tile.y += n * tile.y_stride;
      if (asks) tile.ask += part_bytes;
    }
    if (tile.scales) tile.scales += SK_TILE_ROWS * tile.scales_step;
  }
}

/// Spreads the scales of the rows [row0, row1) out, whole tiles of them.
static void spread_rows(
  const sk_tiles *tiles, const sk_matrix *w, sk_tile tile, int32_t row0, int32_t row1,
  float *scales) {
  for (int32_t row = row0; row < row1; row += SK_TILE_ROWS) {
    for (int32_t r = 0; r < SK_TILE_ROWS; r++)
      tile.rows[r] = row_at(w, row + r < row1 ? row + r : row1 - 1);
    tiles->spread_scales(&tile, scales + (row - row0) * tile.scales_step);
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
  const int32_t full = tiles->tokens;
  int64_t block_tokens = tokens;
  if (x_stride && tokens > SK_FEW_TOKENS)
    block_tokens = (int64_t)(SK_INPUT_CACHE / x_stride) / full * full;
  if (block_tokens < full) block_tokens = full;
  // Blocks of even size, as tiles are.
  const int64_t blocks = (tokens + block_tokens - 1) / block_tokens;
  block_tokens = (tokens + blocks - 1) / blocks;
  float spread[SK_SPREAD];
  if (blocks > 1 && tiles->spread_scales) {
    tile.scales_step = (w->columns + SK_GROUP - 1) / SK_GROUP * tiles->spread_floats;
    const int64_t most = SK_SPREAD / tile.scales_step & ~(SK_TILE_ROWS - 1);
    if (most > 0) tile.scales = spread;
    if (most > 0 && most < block_rows) block_rows = most;
  }
  if (do_tiles_ask(w)) {
    const uint8_t *first = row_at(w, row0);
    prefetch(first, first + SK_GEMM_AHEAD_BYTES, row_at(w, row1));
  }
  for (int64_t r = row0; r < row1; r += block_rows) {
    int32_t end = row1 - r < block_rows ? row1 : (int32_t)(r + block_rows);
    if (tile.scales) spread_rows(tiles, w, tile, (int32_t)r, end, spread);
    for (int64_t t = 0; t < tokens; t += block_tokens) {
      int32_t n = (int32_t)(tokens - t < block_tokens ? tokens - t : block_tokens);
      const uint8_t *xt = (const uint8_t *)x + (size_t)t * x_stride;
      const uint8_t *unread = t == 0 ? row_at(w, row1) : NULL;
      gemm_block(tiles, w, tile, xt, n, y + t * y_stride, (int32_t)r, end, unread);
    }
  }
}
