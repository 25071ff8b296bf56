// Feed-forward networks over chosen neurons.
#include "internal.h"

/// Neurons that are worked on together, at most.
#define SK_RUN 16
/// Weight bytes of a run. The next one's are asked for meanwhile, a piece before each piece of
/// work: more at once than a core's buffers for misses only waits (measured: 14 GB/s a core asked
/// for in one go, 18 to 22 so).
#define SK_RUN_BYTES (8 << 10)
/// Neurons of groups whose rows are read before their columns are.
#define SK_WINDOW 256
/// Neurons whose gates are computed before anything else of them is read, where most gates may be
/// zero.
#define SK_FIRING 256

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

/// Neurons of a run, whose gates' rows are read too or not.
static int32_t run_of(const sk_network *n, int32_t reads_gate) {
  int64_t bytes = n->up->row_bytes + n->down->column_bytes + (reads_gate ? n->gate->row_bytes : 0);
  int32_t run = (int32_t)(SK_RUN_BYTES / bytes) & ~(SK_TILE_ROWS - 1);
  return run < SK_TILE_ROWS ? SK_TILE_ROWS : run > SK_RUN ? SK_RUN : run;
}

/// Whether gates are computed before anything else is read.
static int32_t fires(const sk_network *n) {
  return n->gate && (n->activation == SK_RELU || n->activation == SK_RELU_SQUARED);
}

int32_t sk_network_piece(const sk_network *n) {
  if (n->down->group > 1) return n->down->group;
  // Columns of floats are added one by one; those of blocks that share scales are summed up first.
  if (fires(n) && n->down->block > 0) return SK_FIRING;
  return run_of(n, n->gate && !fires(n));
}

/// Adds what chosen neurons make, those of `values` with their gates' activations known; `gate` and
/// `values` are NULL where there are none. Returns the columns read.
static int32_t touch(
  const sk_network *n, rows_of *gate, const float *values, rows_of *up, const int32_t *neurons,
  int32_t begin, int32_t end, float *y) {
  const int32_t run = run_of(n, gate != NULL);
  int32_t touched = 0;
  for (int32_t i = begin; i < begin + run; i += SK_TILE_ROWS) {
    if (gate) ask_rows(n->gate->data, n->gate->row_bytes, neurons, i, end);
    ask_rows(n->up->data, n->up->row_bytes, neurons, i, end);
    ask_rows(n->down->data, n->down->column_bytes, neurons, i, end);
  }
  for (int32_t i = begin; i < end; i += run) {
    const int32_t count = end - i < run ? end - i : run;
    float own[SK_RUN], other[SK_RUN];
    for (int32_t t = 0; t < count; t += SK_TILE_ROWS) {
      const int32_t rows = count - t < SK_TILE_ROWS ? count - t : SK_TILE_ROWS;
      if (gate) {
        ask_rows(n->gate->data, n->gate->row_bytes, neurons, i + run + t, end);
        multiply(gate, neurons + i + t, rows, other + t);
      }
      ask_rows(n->up->data, n->up->row_bytes, neurons, i + run + t, end);
      multiply(up, neurons + i + t, rows, own + t);
    }
    for (int32_t t = 0; t < count; t++) {
      if (n->up_bias) own[t] += n->up_bias[neurons[i + t]];
      if (gate && n->gate_bias) other[t] += n->gate_bias[neurons[i + t]];
    }
    if (gate) sk_activate(n->activation, other, own, own, count);
    else if (!values) sk_activate(n->activation, own, NULL, own, count);
    else for (int32_t t = 0; t < count; t++) own[t] *= values[i + t];
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

/// Adds what groups of neurons make, of a window first all gates, then all of up, then the columns:
/// a group's piece of each is long, and asked for while the one before is in work.
static int32_t touch_groups(
  const sk_network *n, const void *gate_x, const void *up_x, const int32_t *neurons, int32_t begin,
  int32_t end, float *y) {
  for (int32_t i = begin; i < end; i += SK_WINDOW) {
    const int32_t count = end - i < SK_WINDOW ? end - i : SK_WINDOW;
    float own[SK_WINDOW], other[SK_WINDOW];
    if (n->gate) sk_gemv_rows(n->gate, gate_x, neurons + i, 0, count, other);
    sk_gemv_rows(n->up, up_x, neurons + i, 0, count, own);
    for (int32_t t = 0; t < count; t++) {
      if (n->up_bias) own[t] += n->up_bias[neurons[i + t]];
      if (n->gate && n->gate_bias) other[t] += n->gate_bias[neurons[i + t]];
    }
    sk_activate(n->activation, n->gate ? other : own, n->gate ? own : NULL, own, count);
    sk_groups_acc(n->down, neurons + i, own, 0, count, y);
  }
  return end - begin;
}

/// The neurons of [begin, end), at most `SK_FIRING`, whose gates are not zero, and their gates'
/// activations; returns how many. `values` has room for three more.
static int32_t fire(
  const sk_network *n, rows_of *gate, const int32_t *neurons, int32_t begin, int32_t end,
  int32_t *firing, float *values) {
  int32_t ahead = (int32_t)(SK_RUN_BYTES / n->gate->row_bytes) & ~(SK_TILE_ROWS - 1), fired = 0;
  if (ahead < SK_TILE_ROWS) ahead = SK_TILE_ROWS;
  for (int32_t i = begin; i < begin + ahead; i += SK_TILE_ROWS)
    ask_rows(n->gate->data, n->gate->row_bytes, neurons, i, end);
  for (int32_t i = begin; i < end; i += SK_TILE_ROWS) {
    ask_rows(n->gate->data, n->gate->row_bytes, neurons, i + ahead, end);
    const int32_t rows = end - i < SK_TILE_ROWS ? end - i : SK_TILE_ROWS;
    multiply(gate, neurons + i, rows, values + (i - begin));
  }
  const int32_t count = end - begin;
  for (int32_t i = 0; n->gate_bias && i < count; i++)
    values[i] += n->gate_bias[neurons[begin + i]];
  sk_activate(n->activation, values, NULL, values, count);
  for (int32_t i = 0; i < count; i++) {
    firing[fired] = neurons[begin + i];
    values[fired] = values[i];
    fired += !(values[fired] == 0);
  }
  return fired;
}

int32_t sk_network_acc(
  const sk_network *n, const void *gate_x, const void *up_x, const int32_t *neurons, int32_t begin,
  int32_t end, float *y) {
  if (n->down->group > 1) return touch_groups(n, gate_x, up_x, neurons, begin, end, y);
  rows_of up = prepare(n->up, up_x);
  if (!n->gate) return touch(n, NULL, NULL, &up, neurons, begin, end, y);
  rows_of gate = prepare(n->gate, gate_x);
  if (!fires(n)) return touch(n, &gate, NULL, &up, neurons, begin, end, y);
  int32_t touched = 0;
  for (int32_t i = begin; i < end; i += SK_FIRING) {
    int32_t firing[SK_FIRING];
    float values[SK_FIRING + SK_TILE_ROWS];
    const int32_t last = end - i < SK_FIRING ? end : i + SK_FIRING;
    const int32_t count = fire(n, &gate, neurons, i, last, firing, values);
    touched += touch(n, NULL, values, &up, firing, 0, count, y);
  }
  return touched;
}
