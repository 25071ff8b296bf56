// Attention of single rows over a cache in pages. Behind prepare.cuh, own_heads.cuh and scores.cuh.

/// Norms and turns a head of a row of the step, and writes keys and values into the cache; a block
/// of whole warps.
extern "C" __global__ void prepare_heads(const scu_heads a) {
  extern __shared__ float x[];
  __shared__ float scratch[32];
  follow();
  const int row = blockIdx.y, head = blockIdx.x, n = a.head_dimension;
  const int kind = head < a.heads ? 0 : head < a.heads + a.key_heads ? 1 : 2;
  const int own = kind == 0 ? head : kind == 1 ? head - a.heads : head - a.heads - a.key_heads;
  float *from = head_of(a, kind, own, row);
  for (int i = threadIdx.x; i < n; i += blockDim.x) x[i] = from[i];
  norm_head(a, x, kind, own, scratch);
  __syncthreads();
  if (kind < 2) head_turn(a, row).apply(a, x);
  __syncthreads();
  if (kind > 0) return append_head(a, x, kind, own, ((const scu_row *)a.rows_of_step)[row]);
  for (int i = threadIdx.x; i < n; i += blockDim.x) from[i] = x[i];
}

/// What a thread of attention reads of a cache of halves first, where all but the row's own key and
/// value is there before the kernel that makes those has ended.
struct cached_ahead {
  static constexpr int COUNT = 8;  ///< of eight elements each
  uint4 keys[COUNT], values[COUNT];

  __device__ __forceinline__ cached_ahead(const scu_attend &a, const attend_place &at) {
    const int n = a.head_dimension, own = blockIdx.x / (a.heads / a.key_heads);
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

/// One part of a head's keys and values, COUNT elements at once. `memory` has the query, made, then
/// room for sums; `key` and `value` are those of the row itself where the cache lacks them, and
/// `ahead` what was read early.
template <int COUNT, class Ahead>
__device__ __forceinline__ void attend_part(
  const scu_attend &a, const attend_place &at, float *memory, const float *key, const float *value,
  const Ahead *ahead) {
  __shared__ float weights[SCU_SPLIT], scratch[32];
  const int head = blockIdx.x, n = a.head_dimension;
  const uint64_t *pages = (const uint64_t *)at.row.pages;
  const int own = head / (a.heads / a.key_heads);
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
#pragma unroll
      for (int j = 0; j < COUNT; j++) sum = fmaf(q[i + j], is_own ? key[i + j] : k[j], sum);
    };
#pragma unroll
    for (int i = 0; i < EARLY; i++) {
      float k[COUNT];
      if constexpr (EARLY > 0) expand(ahead->keys[i], k);
      if (i * COUNT < n) add(i * COUNT, k);
    }
    const uint64_t page = pages[position / SCU_PAGE];
    const uint64_t index = cache_index(a.plane, a.key_heads, n, 0, own, position);
#pragma unroll 4
    for (int i = EARLY * COUNT; i < n; i += COUNT) {
      float k[COUNT];
      if (!is_own) load_cached(page, a.cache_type, index + i, k);
      add(i, k);
    }
    score = score_of(a, sum);
  }
  const float most = block_max(score, scratch);
  const float weight = is_seen ? expf(score - most) : 0;
  weights[threadIdx.x] = weight;
  const float total = block_sum(weight, scratch);
  // COUNT elements of a run of values a thread.
  const int pieces = n / COUNT, run = value_run(n), runs = SCU_SPLIT / run;
  for (int item = threadIdx.x; item < pieces * runs; item += SCU_SPLIT) {
    const int piece = item % pieces, first = at.first + item / pieces * run;
    float sum[COUNT] = {};
    auto add = [&](int p, const float (&v)[COUNT]) {
      const bool is_own = value && p == at.row.position;
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
#pragma unroll 4
    for (int p = max(first + early, at.start); p < min(first + run, at.end); p++) {
      float v[COUNT];
      if (!(value && p == at.row.position))
        load_cached(
          pages[p / SCU_PAGE], a.cache_type,
          cache_index(a.plane, a.key_heads, n, 1, own, p) + piece * COUNT, v);
      add(p, v);
    }
#pragma unroll
    for (int j = 0; j < COUNT; j++) sums[item * COUNT + j] = sum[j];
  }
  __syncthreads();
  const int row = a.first_row + blockIdx.z;
  float *part = (float *)a.parts
    + (((uint64_t)blockIdx.z * a.heads + head) * a.splits + blockIdx.y) * (n + 2);
  float *out = (float *)a.output + (uint64_t)row * a.output_width + head * n;
  for (int i = threadIdx.x; i < n; i += SCU_SPLIT) {
    float sum = 0;
    for (int r = 0; r < runs; r++) sum += sums[r * n + i];
    // A row's only part is its result.
    if (a.splits == 1) out[i] = sum / total;
    else part[2 + i] = sum;
  }
  if (threadIdx.x == 0 && a.splits > 1) part[0] = most, part[1] = total;
}

/// Nothing is read early.
struct nothing_ahead {
  static constexpr int COUNT = 0;
};

/// One part of the keys of one row for one query head: its largest score, its sum of weights and
/// its weighted values. Parts begin at multiples of SCU_SPLIT, so that a row's result does not
/// depend on who shares the step. A block of SCU_SPLIT threads.
extern "C" __global__ void __launch_bounds__(SCU_SPLIT) attend(const scu_attend a) {
  extern __shared__ float memory[];  // [head_dimension], then [runs][head_dimension]
  follow();
  const int n = a.head_dimension, row = a.first_row + blockIdx.z;
  const attend_place at(a, row);
  if (at.start >= at.end || !is_attended(a, row, blockIdx.x / (a.heads / a.key_heads))) return;
  for (int i = threadIdx.x; i < n; i += SCU_SPLIT)
    memory[i] = ((const float *)a.query)[(uint64_t)row * a.query_width + blockIdx.x * n + i];
  __syncthreads();
  const nothing_ahead *none = 0;
  if (n % 8 == 0) attend_part<8>(a, at, memory, 0, 0, none);
  else attend_part<1>(a, at, memory, 0, 0, none);
}

/// Query, key and value of a row, made from what products have left; `key` and `value` only where
/// the part has the row's own position. A barrier stands behind it.
__device__ __forceinline__ void make_heads(
  const scu_decode &d, const attend_place &at, const head_turn &turn, float *query, float *key,
  float *value) {
  __shared__ float scratch[32];
  const scu_heads &h = d.heads;
  const int n = h.head_dimension, head = blockIdx.x, group = h.heads / h.key_heads;
  const int own = head / group, row = d.attend.first_row + blockIdx.z;
  for (int i = threadIdx.x; i < n; i += SCU_SPLIT) {
    query[i] = head_of(h, 0, head, row)[i];
    if (key) key[i] = head_of(h, 1, own, row)[i], value[i] = head_of(h, 2, own, row)[i];
  }
  norm_head(h, query, 0, head, scratch);
  if (key) norm_head(h, key, 1, own, scratch), norm_head(h, value, 2, own, scratch);
  __syncthreads();
  turn.apply(h, query);
  if (key) turn.apply(h, key);
  __syncthreads();
  if (!key) return;
  // As the cache has them.
  for (int i = threadIdx.x; h.cache_type == 0 && i < 2 * n; i += SCU_SPLIT)
    key[i] = from_half(to_half(key[i]));
  __syncthreads();
  if (head % group == 0) {
    append_head(h, key, 1, own, at.row);
    append_head(h, value, 2, own, at.row);
  }
}

/// `prepare_heads` and `attend` of rows of different sequences: each block makes its query, and its
/// key and value where its part has the row's own position. What was cached before lies there since
/// earlier steps.
extern "C" __global__ void __launch_bounds__(SCU_SPLIT) decode_heads(const scu_decode d) {
  extern __shared__ float memory[];  // [head_dimension], [runs][head_dimension], a key, a value
  const scu_attend &a = d.attend;
  const int n = a.head_dimension, row = a.first_row + blockIdx.z;
  const attend_place at(a, row);
  const bool is_seen = at.start < at.end;
  const head_turn turn(d.heads, row);
  float *key = at.end > at.row.position ? memory + n + max(8 * SCU_SPLIT, 4 * n) : 0;
  float *value = key ? key + n : 0;
  if (n % 8 == 0 && a.cache_type == 0) {
    // Without a condition: all threads go the same way, and nothing is kept in local memory.
    const cached_ahead ahead(a, at);
    follow();
    if (!is_seen) return;
    make_heads(d, at, turn, memory, key, value);
    return attend_part<8>(a, at, memory, key, value, &ahead);
  }
  follow();
  if (!is_seen) return;
  make_heads(d, at, turn, memory, key, value);
  const nothing_ahead *none = 0;
  if (n % 8 == 0) attend_part<8>(a, at, memory, key, value, none);
  else attend_part<1>(a, at, memory, key, value, none);
}

/// Joins the parts of a row's heads, in their order; a block a row.
extern "C" __global__ void join_parts(const scu_attend a) {
  __shared__ float scratch[32];
  follow();
  const int row = a.first_row + blockIdx.x, n = a.head_dimension;
  const int position = ((const scu_row *)a.rows_of_step)[row].position;
  const int least = a.window > 0 ? max(0, position + 1 - a.window) : 0;
  const int first = least / SCU_SPLIT, last = position / SCU_SPLIT, width = a.heads * n;
  float *out = (float *)a.output + (uint64_t)row * a.output_width;
  for (int pair = 2 * threadIdx.x; a.splits > 1 && pair < width; pair += 2 * blockDim.x) {
    for (int i = pair; i < min(pair + 2, width); i++) {
      if (!is_attended(a, row, i / n / (a.heads / a.key_heads))) continue;
      const float *parts = (const float *)a.parts
        + ((uint64_t)blockIdx.x * a.heads + i / n) * a.splits * (n + 2);
      float most = -INFINITY, total = 0, sum = 0;
      for (int s = first; s <= last; s++) most = fmaxf(most, parts[s * (n + 2)]);
      for (int s = first; s <= last; s++) {
        const float weight = expf(parts[s * (n + 2)] - most);
        total += weight * parts[s * (n + 2) + 1];
        sum += weight * parts[s * (n + 2) + 2 + i % n];
      }
      out[i] = sum / total;
    }
  }
  if (a.prepared.high)
    prepare_row(a.prepared, row, width, scratch, [&](int i) { return out[i]; });
}
