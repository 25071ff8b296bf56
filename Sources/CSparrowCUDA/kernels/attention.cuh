// Attention over a cache in pages: heads made, and one part of the keys of a row. Behind cache.cuh.

/// A head of a row of the step: kind 0 is a query, 1 a key, 2 a value.
__device__ __forceinline__ float *head_of(const scu_heads &a, int kind, int own, int row) {
  return (float *)(kind == 0 ? a.query : kind == 1 ? a.key : a.value)
    + (uint64_t)row * (kind == 0 ? a.query_width : kind == 1 ? a.key_width : a.value_width)
    + own * a.head_dimension;
}

/// Norms a head in shared memory, which the block has written without a barrier; `scratch` has 32
/// floats.
__device__ __forceinline__ void norm_head(
  const scu_heads &a, float *x, int kind, int own, float *scratch) {
  const int norm = kind == 0 ? a.norms_query : kind == 1 ? a.norms_key : a.norms_value;
  if (!norm) return;
  const int n = a.head_dimension;
  const float *w = (const float *)(kind == 0 ? a.query_norm : kind == 1 ? a.key_norm : 0);
  if (w) w += own * (kind == 0 ? a.query_stride : a.key_stride);
  float mean = 0, sum = 0;
  if (norm == 2) {
    for (int i = threadIdx.x; i < n; i += blockDim.x) sum += x[i];
    mean = block_sum(sum, scratch) / n;
    sum = 0;
  }
  for (int i = threadIdx.x; i < n; i += blockDim.x) sum += (x[i] - mean) * (x[i] - mean);
  const float epsilon = kind == 2 ? a.value_epsilon : a.epsilon;
  const float inverse = 1 / sqrtf(block_sum(sum, scratch) / n + epsilon);
  for (int i = threadIdx.x; i < n; i += blockDim.x)
    x[i] = (x[i] - mean) * inverse * (w ? w[i] + a.offset : 1);
}

/// Turns a pair of elements; roundings are spelled out, since several kernels do it.
__device__ __forceinline__ void turn(float &u, float &v, float cosine, float sine) {
  const float x = u, y = v;
  u = fmaf(x, cosine, -__fmul_rn(y, sine));
  v = fmaf(x, sine, __fmul_rn(y, cosine));
}

/// What a thread turns its pair of elements of a query or a key by, read early.
struct head_turn {
  const float *turns;
  float cosine, sine;

  __device__ __forceinline__ head_turn(const scu_heads &a, int row)
    : turns((const float *)a.turns + (uint64_t)row * a.turn_stride), cosine(0), sine(0) {
    const int half = a.rotary / 2, i = threadIdx.x;
    if (a.turns && i < half) cosine = turns[i], sine = turns[half + i];
  }

  /// Between barriers.
  __device__ __forceinline__ void apply(const scu_heads &a, float *x) const {
    const int half = a.turns ? a.rotary / 2 : 0;
    for (int i = threadIdx.x; i < half; i += blockDim.x) {
      const bool is_read = i < (int)blockDim.x;
      const float c = is_read ? cosine : turns[i], s = is_read ? sine : turns[half + i];
      const int first = a.interleaved ? 2 * i : i, second = a.interleaved ? 2 * i + 1 : i + half;
      turn(x[first], x[second], c, s);
    }
  }
};

/// Norms and turns a head in shared memory by the whole block, elements of which each thread has
/// written itself: from threadIdx.x on, blockDim.x apart.
__device__ __forceinline__ void finish_head(
  const scu_heads &a, float *x, int kind, int own, int row, float *scratch) {
  norm_head(a, x, kind, own, scratch);
  __syncthreads();
  if (kind == 2 || !a.turns) return;
  head_turn(a, row).apply(a, x);
  __syncthreads();
}

/// A key or a value into the cache.
__device__ __forceinline__ void append_head(
  const scu_heads &a, const float *x, int kind, int own, scu_row place) {
  const int n = a.head_dimension;
  const uint64_t page = ((const uint64_t *)place.pages)[place.position / SCU_PAGE];
  const uint64_t index = cache_index(a.plane, a.key_heads, n, kind == 2, own, place.position);
  for (int i = threadIdx.x; i < n; i += blockDim.x)
    store_cached(page, a.cache_type, index + i, x[i]);
}

/// A made key and value as the cache has them, and there where `appends` is true.
__device__ __forceinline__ void cache_own(
  const scu_heads &a, float *key, float *value, int own, scu_row place, bool appends) {
  for (int i = threadIdx.x; a.cache_type == 0 && i < a.head_dimension; i += blockDim.x) {
    key[i] = from_half(to_half(key[i]));
    value[i] = from_half(to_half(value[i]));
  }
  __syncthreads();
  if (!appends) return;
  append_head(a, key, 1, own, place);
  append_head(a, value, 2, own, place);
}

/// A score of the sum of products of a query and a key; its product is rounded.
__device__ __forceinline__ float score_of(const scu_attend &a, float sum) {
  const float score = __fmul_rn(sum, a.scale);
  return a.softcap != 0 ? __fmul_rn(a.softcap, tanhf(score / a.softcap)) : score;
}

/// Values are added up in runs of so many positions, each from its first to its last, and then the
/// runs in their order.
__device__ constexpr int value_run(int head_dimension) {
  int run = 8;
  while (run < SCU_PAGE && 8 * run < head_dimension) run *= 2;
  return run;
}

/// What a block of attention works on.
struct attend_place {
  scu_row row;
  int start, end;  ///< positions that it sees
  int first;       ///< where its part begins

  __device__ __forceinline__ attend_place(const scu_attend &a, scu_row row, int part)
      : row(row), first(part * SCU_SPLIT) {
    end = min(row.position + 1, first + SCU_SPLIT);
    start = max(first, a.window > 0 ? row.position + 1 - a.window : 0);
  }

  /// A position that it sees, other than its own.
  __device__ __forceinline__ bool sees_other(int position) const {
    return position >= start && position < end && position != row.position;
  }
};

/// What a thread of attention reads of a cache of halves first, where all but the row's own key and
/// value is there before the kernel that makes those has ended.
struct cached_ahead {
  static constexpr int COUNT = 8;  ///< of eight elements each
  uint4 keys[COUNT], values[COUNT];

  __device__ __forceinline__ cached_ahead(
    const scu_attend &a, const attend_place &at, int own) {
    const int n = a.head_dimension;
    const uint64_t *pages = (const uint64_t *)at.row.pages;
    const int position = at.first + threadIdx.x, run = value_run(n), item = threadIdx.x / (n / 8);
    auto cached = [&](int is_value, int place) {
      return (const uint4 *)((const uint16_t *)pages[place / SCU_PAGE]
        + cache_index(a.plane, a.key_heads, n, is_value, own, place));
    };
    if (at.sees_other(position)) {
      const uint4 *key = cached(0, position);
#pragma unroll
      for (int i = 0; i < COUNT; i++)
        if (i * 8 < n) keys[i] = key[i];
    }
#pragma unroll
    for (int i = 0; i < COUNT; i++) {
      const int place = at.first + item * run + i;
      if (i < run && at.sees_other(place)) values[i] = cached(1, place)[threadIdx.x % (n / 8)];
    }
  }
};

/// Eight halves.
__device__ __forceinline__ void expand(uint4 v, float (&x)[8]) {
  const uint32_t words[4] = {v.x, v.y, v.z, v.w};
#pragma unroll
  for (int i = 0; i < 8; i++) x[i] = from_half((uint16_t)(words[i / 2] >> i % 2 * 16));
}

/// A head group's keys and values in the pages of a sequence.
struct paged_cache {
  static constexpr bool IS_NEAR = false;
  const uint64_t *pages;
  uint64_t plane;
  int key_heads, dimension, own, type;

  __device__ __forceinline__ paged_cache(const scu_attend &a, const scu_row &row, int own)
      : pages((const uint64_t *)row.pages), plane(a.plane), key_heads(a.key_heads),
        dimension(a.head_dimension), own(own), type(a.cache_type) {}

  /// A position's key or value.
  struct place {
    uint64_t page, index;
  };

  __device__ __forceinline__ place at(int is_value, int position) const {
    return {
      pages[position / SCU_PAGE],
      cache_index(plane, key_heads, dimension, is_value, own, position)};
  }

  template <int COUNT>
  __device__ __forceinline__ void load(const place &p, int i, float (&x)[COUNT]) const {
    load_cached(p.page, type, p.index + i, x);
  }
};

/// Nothing is read early.
struct nothing_ahead {
  static constexpr int COUNT = 0;
};

/// Adjacent numbers in shared memory; four of them or more at a multiple of 16 bytes.
template <int COUNT>
__device__ __forceinline__ void read_floats(float (&x)[COUNT], const float *from) {
#pragma unroll
  for (int i = 0; i < COUNT; i += COUNT % 4 ? 1 : 4) {
    if constexpr (COUNT % 4) x[i] = from[i];
    else {
      const float4 v = *(const float4 *)(from + i);
      x[i] = v.x, x[i + 1] = v.y, x[i + 2] = v.z, x[i + 3] = v.w;
    }
  }
}

/// sum += eight weighted values, eight elements of each: of those that are not seen zero times zero.
template <class Cache>
__device__ __forceinline__ void add_near(
  float (&sum)[8], const Cache &cache, const attend_place &at, const float *weights, int first,
  int piece) {
  uint4 values[8];
  float own[8], x[8];
#pragma unroll
  for (int i = 0; i < 8; i++) {
    values[i] = make_uint4(0, 0, 0, 0);
    if (first + i >= at.start && first + i < at.end) values[i] = cache.value(first + i, piece);
  }
  read_floats(own, weights + first - at.first);
#pragma unroll
  for (int i = 0; i < 8; i++) {
    expand(values[i], x);
#pragma unroll
    for (int j = 0; j < 8; j++) sum[j] = fmaf(own[i], x[j], sum[j]);
  }
}

/// One part of a head's keys and values, COUNT elements at once, of DIMENSION where that is
/// known, by a block whose threads have met since one before was taken. `memory` has the query,
/// made, then room for sums, at a multiple of 16 bytes; `key` and `value` are those of the row
/// itself where the cache lacks them, and `ahead` what was read early. `result` gets sums of
/// weighted values, with the sum of weights and the largest score.
template <
  int COUNT, int DIMENSION = 0, class Cache, class Result, class Ahead = nothing_ahead>
__device__ __forceinline__ void attend_part(
  const scu_attend &a, const attend_place &at, const Cache &cache, float *memory,
  const float *key, const float *value, Result result, const Ahead *ahead = 0) {
  constexpr int WARPS = SCU_SPLIT / 32;
  __shared__ __align__(16) float weights[SCU_SPLIT];
  __shared__ float mosts[WARPS], totals[WARPS];
  const int n = DIMENSION ? DIMENSION : a.head_dimension, warp = threadIdx.x / 32;
  const float *q = memory;
  float *sums = memory + n;
  constexpr int EARLY = Ahead::COUNT;
  // A key a thread.
  const int position = at.first + threadIdx.x;
  const bool is_seen = position >= at.start && position < at.end;
  float score = -INFINITY;
  if (is_seen) {
    const bool is_own = key && position == at.row.position;
    float sum = 0;
    auto add = [&](int i, const float (&k)[COUNT]) {
      float own[COUNT];
      read_floats(own, q + i);
#pragma unroll
      for (int j = 0; j < COUNT; j++) sum = fmaf(own[j], is_own ? key[i + j] : k[j], sum);
    };
#pragma unroll
    for (int i = 0; i < EARLY; i++) {
      float k[COUNT];
      if constexpr (EARLY > 0) expand(ahead->keys[i], k);
      if (i * COUNT < n) add(i * COUNT, k);
    }
    const auto place = cache.at(0, position);
#pragma unroll 4
    for (int i = EARLY * COUNT; i < n; i += COUNT) {
      float k[COUNT];
      if (!is_own) cache.load(place, i, k);
      add(i, k);
    }
    score = score_of(a, sum);
  }
  const float most_of_warp = warp_most(score);
  if (threadIdx.x % 32 == 0) mosts[warp] = most_of_warp;
  __syncthreads();
  float most = -INFINITY;
#pragma unroll
  for (int i = 0; i < WARPS; i++) most = fmaxf(most, mosts[i]);
  const float weight = is_seen ? expf(score - most) : 0;
  weights[threadIdx.x] = weight;
  const float total_of_warp = warp_sum(weight);
  if (threadIdx.x % 32 == 0) totals[warp] = total_of_warp;
  __syncthreads();
  // COUNT elements of a run of values a thread.
  const int pieces = n / COUNT, run = value_run(n), runs = SCU_SPLIT / run;
  for (int item = threadIdx.x; item < pieces * runs; item += SCU_SPLIT) {
    const int piece = item % pieces, first = at.first + item / pieces * run;
    float sum[COUNT] = {};
    auto add = [&](int p, const float (&v)[COUNT]) {
      const bool is_own = key && p == at.row.position;
#pragma unroll
      for (int j = 0; j < COUNT; j++)
        sum[j] = fmaf(weights[p - at.first], is_own ? value[piece * COUNT + j] : v[j], sum[j]);
    };
    const int early = item < SCU_SPLIT ? min(EARLY, run) : 0;
#pragma unroll
    for (int i = 0; i < EARLY; i++) {
      float v[COUNT];
      if constexpr (EARLY > 0) expand(ahead->values[i], v);
      if (i < early && first + i >= at.start && first + i < at.end) add(first + i, v);
    }
    if constexpr (Cache::IS_NEAR) {
#pragma unroll 1
      for (int i = 0; i < run; i += 8) add_near(sum, cache, at, weights, first + i, piece);
    } else {
#pragma unroll 4
      for (int p = max(first + early, at.start); p < min(first + run, at.end); p++) {
        float v[COUNT];
        if (!(key && p == at.row.position)) cache.load(cache.at(1, p), piece * COUNT, v);
        add(p, v);
      }
    }
    if constexpr (COUNT % 4 == 0) {
#pragma unroll
      for (int j = 0; j < COUNT; j += 4)
        *(float4 *)(sums + item * COUNT + j) =
          make_float4(sum[j], sum[j + 1], sum[j + 2], sum[j + 3]);
    } else {
#pragma unroll
      for (int j = 0; j < COUNT; j++) sums[item * COUNT + j] = sum[j];
    }
  }
  __syncthreads();
  float total = 0;
#pragma unroll
  for (int i = 0; i < WARPS; i++) total += totals[i];
  for (int i = threadIdx.x; i < n; i += SCU_SPLIT) {
    float sum = 0;
#pragma unroll 16
    for (int r = 0; r < runs; r++) sum += sums[r * n + i];
    result.element(i, sum, total);
  }
  if (threadIdx.x == 0) result.state(most, total);
}
