/// Flash-style attention over the vectors of the instruction set that was included before.
///
/// Keys are taken 64 at a time, a page of the cache, and transposed, so that a vector holds
/// one dimension of VW keys: scores then need no horizontal sums. A tile of up to six queries times
/// VN vectors stays in registers. The running maximum and sum of each query lie in scratch; its
/// unnormalised result in `out`.
#pragma once
#include "functions.h"

#define KEYS SK_ATTEND_KEYS

typedef struct {
  const sk_attention *a;
  int32_t width;  ///< head_dim padded to 16
  float *keys;    ///< [head_dim, 64]: a block's keys, transposed
  float *values;  ///< [64, width]
  float *scores;  ///< [6, 64]
  const uint16_t *raw_keys;
  const uint16_t *raw_values;
  const uint16_t *next_keys;  ///< the next block's; of the last block its own
  int32_t begin;     ///< first key that exists
  int32_t expanded;  ///< 1: `values` are filled; 0: they are read from `raw_values`
} block_of_keys;

/// Up to six queries, their results and their running state.
typedef struct {
  const float *q[SK_ATTEND_QUERIES];
  float *out[SK_ATTEND_QUERIES];
  float *most;   ///< [queries]
  float *total;  ///< [queries]
  /// The first key that each query sees, counted from the block's start, and one past its last.
  int32_t low[SK_ATTEND_QUERIES], high[SK_ATTEND_QUERIES];
} tile_of_queries;

/// VW keys' dimensions from `d` on, transposed. Keys outside [begin, end) become zeros.
SK_INLINE void load_keys(
  const block_of_keys *b, int32_t j, int32_t d, int32_t begin, int32_t end) {
  const int64_t dim = b->a->head_dim;
  const uint16_t *key = b->raw_keys + j * dim + d;
  const int32_t n = dim - d < VW ? (int32_t)dim - d : VW;
  float *to = b->keys + d * KEYS + j;
  vf r[VW];
  if (n == VW && begin <= j && j + VW <= end) {
#pragma unroll
    for (int i = 0; i < VW; i++) {
      __builtin_prefetch(b->raw_values + (j + i) * dim + d);
      r[i] = v_load_f16(key + i * dim);
    }
    v_transpose(r);
#pragma unroll
    for (int i = 0; i < VW; i++) v_store(to + i * KEYS, r[i]);
    return;
  }
  for (int i = 0; i < VW; i++)
    r[i] = j + i < begin || j + i >= end ? v_zero() : v_load_f16_part(key + i * dim, n);
  v_transpose(r);
  for (int i = 0; i < n; i++) v_store(to + i * KEYS, r[i]);
}

/// Keys [begin, end) of a block, counted from its start, and, for more than one tile of queries,
/// its values.
static void load_block(block_of_keys *b, int32_t begin, int32_t end, int32_t expand) {
  const int32_t dim = b->a->head_dim;
  for (int32_t j = 0; j < KEYS; j += VW)
    for (int32_t d = 0; d < dim; d += VW) load_keys(b, j, d, begin, end);
  b->begin = begin;
  b->expanded = expand;
  if (!expand) return;
  for (int32_t j = begin; j < end; j++) {
    const uint16_t *value = b->raw_values + (int64_t)j * dim;
    const uint16_t *next = b->next_keys + (int64_t)j * dim;
    float *row = b->values + (int64_t)j * b->width;
    int32_t d = 0;
    for (int32_t line = 0; line < dim; line += 32) __builtin_prefetch(next + line);
    for (; d + VW <= dim; d += VW) v_store(row + d, v_load_f16(value + d));
    if (d < dim) v_store(row + d, v_load_f16_part(value + d, dim - d));
  }
}

/// scores[i, j] = scale * q_i . k_j (soft-capped) for all 64 keys.
SK_INLINE void score(const block_of_keys *b, const tile_of_queries *t, const int queries) {
  const vf scale = v_set1(b->a->scale);
  const float cap = b->a->softcap;
  for (int32_t j = 0; j < KEYS; j += VN * VW) {
    vf sum[SK_ATTEND_QUERIES][VN];
#pragma unroll
    for (int i = 0; i < queries; i++)
#pragma unroll
      for (int v = 0; v < VN; v++) sum[i][v] = v_zero();
    for (int32_t d = 0; d < b->a->head_dim; d++) {
      vf k[VN];
#pragma unroll
      for (int v = 0; v < VN; v++) k[v] = v_load(b->keys + d * KEYS + j + v * VW);
#pragma unroll
      for (int i = 0; i < queries; i++) {
        vf q = v_set1(t->q[i][d]);
#pragma unroll
        for (int v = 0; v < VN; v++) sum[i][v] = v_fma(q, k[v], sum[i][v]);
      }
    }
#pragma unroll
    for (int i = 0; i < queries; i++) {
#pragma unroll
      for (int v = 0; v < VN; v++) {
        vf s = v_mul(sum[i][v], scale);
        if (cap > 0) s = v_mul(v_set1(cap), v_tanh(v_div(s, v_set1(cap))));
        v_store(b->scores + i * KEYS + j + v * VW, s);
      }
    }
  }
}

/// Turns one query's scores into weights and brings its state up to date. Returns by how much its
/// result so far is to be scaled: negative when there is none yet.
SK_INLINE float soften(float *scores, int32_t low, int32_t high, float *most, float *total) {
  if (low > 0 || high < KEYS) {
    const vf l = v_set1((float)low), h = v_set1((float)high), none = v_set1(-INFINITY);
    for (int32_t j = 0; j < KEYS; j += VW) {
      vf index = v_add(v_iota(), v_set1((float)j));
      vf s = v_select_less(index, h, v_load(scores + j), none);
      v_store(scores + j, v_select_less(index, l, none, s));
    }
  }
  vf m = v_set1(-INFINITY);
  for (int32_t j = 0; j < KEYS; j += VW) m = v_max(v_load(scores + j), m);
  const float before = *most, block = v_hmax(m);
  const float now = block > before ? block : before;
  // The maximum passes over a NaN, which reaches the sum below and stays in it.
  const vf shift = v_set1(now == -INFINITY ? 0 : now);
  vf sum = v_zero();
  for (int32_t j = 0; j < KEYS; j += VW) {
    vf w = v_exp(v_sub(v_load(scores + j), shift));
    v_store(scores + j, w);
    sum = v_add(sum, w);
  }
  float shrink = -1;
  if (before != -INFINITY || isnan(*total)) {
    float change[VW];
    v_store(change, v_exp(v_set1(before - now)));
    shrink = change[0];
  }
  *total = (shrink < 0 ? 0 : *total * shrink) + v_hsum(sum);
  *most = now;
  return shrink;
}

/// out_i = out_i * shrink_i + sum over keys of scores[i, j] * v_j, for `n` (a constant) vectors
/// from dimension d.
SK_INLINE void mix_part(
  const block_of_keys *b, const tile_of_queries *t, const int queries, const int n, int32_t d,
  const int expanded, const float *shrink, int32_t keys) {
  const int32_t left = b->a->head_dim - d;
  vf sum[SK_ATTEND_QUERIES][VN];
#pragma unroll
  for (int i = 0; i < queries; i++) {
#pragma unroll
    for (int v = 0; v < n; v++) {
      sum[i][v] = v_zero();
      if (shrink[i] < 0) continue;
      const float *from = t->out[i] + d + v * VW;
      vf old = n == 1 && left < VW ? v_load_part(from, left) : v_load(from);
      sum[i][v] = v_mul(old, v_set1(shrink[i]));
    }
  }
  for (int32_t j = b->begin; j < keys; j++) {
    const float *value = b->values + (int64_t)j * b->width + d;
    const uint16_t *raw = b->raw_values + (int64_t)j * b->a->head_dim + d;
    vf x[VN];
    if (!expanded) {
      const uint16_t *next = b->next_keys + (int64_t)j * b->a->head_dim + d;
#pragma unroll
      for (int v = 0; v < n; v += 32 / VW) __builtin_prefetch(next + v * VW);
    }
#pragma unroll
    for (int v = 0; v < n; v++) {
      if (expanded) x[v] = v_load(value + v * VW);
      else if (n > 1 || left >= VW) x[v] = v_load_f16(raw + v * VW);
      else x[v] = v_load_f16_part(raw, left);
    }
#pragma unroll
    for (int i = 0; i < queries; i++) {
      vf w = v_set1(b->scores[i * KEYS + j]);
#pragma unroll
      for (int v = 0; v < n; v++) sum[i][v] = v_fma(w, x[v], sum[i][v]);
    }
  }
#pragma unroll
  for (int i = 0; i < queries; i++) {
#pragma unroll
    for (int v = 0; v < n; v++) {
      float *to = t->out[i] + d + v * VW;
      if (n == 1 && left < VW) v_store_part(to, sum[i][v], left);
      else v_store(to, sum[i][v]);
    }
  }
}

SK_INLINE void mix(
  const block_of_keys *b, const tile_of_queries *t, const int queries, const int expanded,
  const float *shrink, int32_t keys) {
  int32_t d = 0;
  for (; d + VN * VW <= b->a->head_dim; d += VN * VW)
    mix_part(b, t, queries, VN, d, expanded, shrink, keys);
  for (; d < b->a->head_dim; d += VW) mix_part(b, t, queries, 1, d, expanded, shrink, keys);
}

SK_INLINE void attend_tile(const block_of_keys *b, const tile_of_queries *t, const int queries) {
  float shrink[SK_ATTEND_QUERIES];
  int32_t keys = 0;
  score(b, t, queries);
  for (int i = 0; i < queries; i++) {
    shrink[i] =
      soften(b->scores + i * KEYS, t->low[i], t->high[i], t->most + i, t->total + i);
    if (t->high[i] > keys) keys = t->high[i];
  }
  if (b->expanded) mix(b, t, queries, 1, shrink, keys);
  else mix(b, t, queries, 0, shrink, keys);
}

static void attend_1(const block_of_keys *b, const tile_of_queries *t) { attend_tile(b, t, 1); }
static void attend_2(const block_of_keys *b, const tile_of_queries *t) { attend_tile(b, t, 2); }
static void attend_3(const block_of_keys *b, const tile_of_queries *t) { attend_tile(b, t, 3); }
static void attend_4(const block_of_keys *b, const tile_of_queries *t) { attend_tile(b, t, 4); }
static void attend_5(const block_of_keys *b, const tile_of_queries *t) { attend_tile(b, t, 5); }
static void attend_6(const block_of_keys *b, const tile_of_queries *t) { attend_tile(b, t, 6); }

typedef void (*attend_fn)(const block_of_keys *b, const tile_of_queries *t);
static const attend_fn attend_tiles[SK_ATTEND_QUERIES] = {
  attend_1, attend_2, attend_3, attend_4, attend_5, attend_6,
};

void SK_NAME(sk_attend)(
  const sk_attention *a, const float *q, int64_t q_stride, int32_t heads, int32_t tokens,
  int32_t first, const sk_cached_head *cache, float *out, int64_t out_stride, void *scratch) {
  const int32_t dim = a->head_dim, width = (dim + 15) & ~15, end = first + tokens;
  const int32_t queries = heads * tokens;
  block_of_keys b = {.a = a, .width = width};
  b.keys = (float *)(((uintptr_t)scratch + 63) & ~(uintptr_t)63);
  b.values = b.keys + KEYS * width;
  b.scores = b.values + KEYS * width;
  float *most = b.scores + SK_ATTEND_QUERIES * KEYS, *total = most + ((queries + 15) & ~15);
  for (int32_t i = 0; i < queries; i++) most[i] = -INFINITY, total[i] = 0;
  const int64_t window = a->window > 0 ? a->window : INT32_MAX;
  const int32_t least = first + 1 > window ? (int32_t)(first + 1 - window) : 0;
  for (int32_t start = least / KEYS * KEYS; start < end; start += KEYS) {
    const int32_t count = end - start < KEYS ? end - start : KEYS;
    // Tokens that see any of the block: not before it, and not a window's length after it.
    const int32_t token0 = start > first ? start - first : 0;
    const int64_t beyond = start + count - 1 + window - first;
    const int32_t last = (int32_t)(beyond < tokens ? beyond : tokens) * heads;
    const char *page = cache->pages[start / KEYS];
    const char *next = end - start > KEYS ? cache->pages[start / KEYS + 1] : page;
    b.raw_keys = (const uint16_t *)(page + cache->keys);
    b.raw_values = (const uint16_t *)(page + cache->values);
    b.next_keys = (const uint16_t *)(next + cache->keys);
    load_block(
      &b, least > start ? least - start : 0, count, last - token0 * heads > SK_ATTEND_QUERIES);
    for (int32_t i = token0 * heads; i < last;) {
      // Two tiles of even size beat a full one and a remainder of one.
      const int32_t left = last - i, full = SK_ATTEND_QUERIES;
      const int32_t n = left <= full ? left : left < 2 * full ? (left + 1) / 2 : full;
      tile_of_queries tile = {.most = most + i, .total = total + i};
      for (int32_t j = 0; j < n; j++) {
        const int32_t t = (i + j) / heads, h = (i + j) % heads, p = first + t - start;
        tile.q[j] = q + t * q_stride + h * dim;
        tile.out[j] = out + t * out_stride + h * dim;
        tile.low[j] = p >= window ? (int32_t)(p - window + 1) : 0;
        tile.high[j] = p + 1 < count ? p + 1 : count;
      }
      attend_tiles[n - 1](&b, &tile);
      i += n;
    }
  }
  for (int32_t i = 0; i < queries; i++) {
    float *o = out + i / heads * out_stride + i % heads * dim;
    const vf inverse = v_set1(1 / total[i]);
    int32_t d = 0;
    for (; d + VW <= dim; d += VW) v_store(o + d, v_mul(v_load(o + d), inverse));
    if (d < dim) v_store_part(o + d, v_mul(v_load_part(o + d, dim - d), inverse), dim - d);
  }
}
