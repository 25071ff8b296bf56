// Feed-forward networks over chosen neurons.
#include "internal.h"

/// Neurons that are worked on together, at most.
#define SK_RUN 16
/// Weight bytes of a run. The next one's are asked for meanwhile, a piece before each piece of work: more at
/// once than a core's buffers for misses only waits (measured: 14 GB/s a core asked for in one go, 18 to
/// 22 so).
#define SK_RUN_BYTES (8 << 10)

/// What all tiles of one matrix share.
typedef struct {
  const sk_matrix *w;
  sk_tile_fn fn;
  sk_tile tile;
} rows_of;

static rows_of prepare(const sk_matrix *w, const void *x) {
  rows_of r = {.w = w, .tile = {.x = x, .columns = w->columns}};
  r.fn = sk_current()->tiles(w->format, w->block, w->minimums)->fn[0];
  if (!sk_is_float(w->format))
    r.tile.layout = sk_layout_of(w->format, w->block, w->minimums, w->columns);
  return r;
}

/// Products of up to four rows; `y` has room for four.
SK_INLINE void multiply(rows_of *r, const int32_t *neurons, int32_t count, float *y) {
  const uint8_t *data = r->w->data;
  for (int32_t i = 0; i < SK_TILE_ROWS; i++)
    r->tile.rows[i] = data + (int64_t)neurons[i < count ? i : count - 1] * r->w->row_bytes;
  r->tile.y = y;
  r->fn(&r->tile);
}

SK_INLINE void ask(const void *memory, int64_t bytes) {
  const uint8_t *p = memory, *end = p + bytes;
  for (p -= (uintptr_t)p & 63; p < end; p += 64) __builtin_prefetch(p);
}

/// Asks for the rows (or columns) of up to four neurons.
SK_INLINE void ask_rows(
  const void *data, int64_t bytes, const int32_t *neurons, int32_t begin, int32_t end) {
  for (int32_t i = begin; i < end && i < begin + SK_TILE_ROWS; i++)
    ask((const uint8_t *)data + neurons[i] * bytes, bytes);
}

int32_t sk_network_acc(
  const sk_network *n, const void *gate_x, const void *up_x, const int32_t *neurons, int32_t begin,
  int32_t end, float *y) {
  rows_of up = prepare(n->up, up_x), gate = up;
  int64_t bytes = n->up->row_bytes + n->down->column_bytes;
  if (n->gate) {
    gate = prepare(n->gate, gate_x);
    bytes += n->gate->row_bytes;
  }
  int32_t run = (int32_t)(SK_RUN_BYTES / bytes) & ~(SK_TILE_ROWS - 1), touched = 0;
  run = run < SK_TILE_ROWS ? SK_TILE_ROWS : run > SK_RUN ? SK_RUN : run;
  for (int32_t i = begin; i < begin + run; i += SK_TILE_ROWS) {
    if (n->gate) ask_rows(n->gate->data, n->gate->row_bytes, neurons, i, end);
    ask_rows(n->up->data, n->up->row_bytes, neurons, i, end);
    ask_rows(n->down->data, n->down->column_bytes, neurons, i, end);
  }
  for (int32_t i = begin; i < end; i += run) {
    const int32_t count = end - i < run ? end - i : run;
    float own[SK_RUN], other[SK_RUN];
    for (int32_t t = 0; t < count; t += SK_TILE_ROWS) {
      const int32_t rows = count - t < SK_TILE_ROWS ? count - t : SK_TILE_ROWS;
      if (n->gate) {
        ask_rows(n->gate->data, n->gate->row_bytes, neurons, i + run + t, end);
        multiply(&gate, neurons + i + t, rows, other + t);
      }
      ask_rows(n->up->data, n->up->row_bytes, neurons, i + run + t, end);
      multiply(&up, neurons + i + t, rows, own + t);
    }
    for (int32_t t = 0; t < count; t++) {
      if (n->up_bias) own[t] += n->up_bias[neurons[i + t]];
      if (n->gate && n->gate_bias) other[t] += n->gate_bias[neurons[i + t]];
    }
    if (n->gate) sk_activate(n->activation, other, own, own, count);
    else sk_activate(n->activation, own, NULL, own, count);
    for (int32_t t = 0; t < run; t += SK_TILE_ROWS)
      ask_rows(n->down->data, n->down->column_bytes, neurons, i + run + t, end);
    int32_t chosen[SK_RUN], kept = 0;
    for (int32_t t = 0; t < count; t++) {
      chosen[kept] = neurons[i + t];
      own[kept] = own[t];
      kept += !(fabsf(own[t]) <= n->least);
    }
    sk_columns_acc(n->down, chosen, own, 0, kept, y);
    touched += kept;
  }
  return touched;
}
