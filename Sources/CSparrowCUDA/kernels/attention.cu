// Attention over a cache in pages. Behind prepare.cuh and scores.cuh.

/// A head of a row of the step in shared memory, `[head_dimension]`: read by the whole block, normed
/// and turned. `kind` is 0 for a query, 1 for a key, 2 for a value; `scratch` has 32 floats.
__device__ __forceinline__ void make_head(
  const scu_heads &a, float *x, int kind, int own, int row, float *scratch) {
  const int n = a.head_dimension;
  const float *from = (const float *)(kind == 0 ? a.query : kind == 1 ? a.key : a.value)
    + (uint64_t)row * (kind == 0 ? a.query_width : kind == 1 ? a.key_width : a.value_width)
    + own * n;
  for (int i = threadIdx.x; i < n; i += blockDim.x) x[i] = from[i];
  const int norm = kind == 0 ? a.norms_query : kind == 1 ? a.norms_key : a.norms_value;
  if (norm) {
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
  __syncthreads();
  if (kind == 2 || !a.turns) return;
  const int half = a.rotary / 2;
  const float *c = (const float *)a.turns + (uint64_t)row * a.turn_stride, *s = c + half;
  for (int i = threadIdx.x; i < half; i += blockDim.x) {
    const int first = a.interleaved ? 2 * i : i, second = a.interleaved ? 2 * i + 1 : i + half;
    const float u = x[first], v = x[second];
    x[first] = u * c[i] - v * s[i];
    x[second] = u * s[i] + v * c[i];
  }
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

/// Norms and turns a head of a row of the step, and writes keys and values into the cache; a block
/// of whole warps.
extern "C" __global__ void prepare_heads(const scu_heads a) {
  extern __shared__ float x[];
  __shared__ float scratch[32];
  follow();
  const int row = blockIdx.y, head = blockIdx.x, n = a.head_dimension;
  const int kind = head < a.heads ? 0 : head < a.heads + a.key_heads ? 1 : 2;
  const int own = kind == 0 ? head : kind == 1 ? head - a.heads : head - a.heads - a.key_heads;
  make_head(a, x, kind, own, row, scratch);
  if (kind > 0) return append_head(a, x, kind, own, ((const scu_row *)a.rows_of_step)[row]);
  float *query = (float *)a.query + (uint64_t)row * a.query_width + own * n;
  for (int i = threadIdx.x; i < n; i += blockDim.x) query[i] = x[i];
}

/// Whether a row attends to a head group.
__device__ __forceinline__ bool is_attended(const scu_attend &a, int row, int group) {
  const uint32_t *marks = (const uint32_t *)a.marks;
  return !marks || marks[(uint64_t)row * ((a.key_heads + 31) / 32) + group / 32] >> group % 32 & 1;
}

/// What a block of attention works on.
struct attend_place {
  scu_row row;
  int start, end;  ///< positions that it sees
  int first;       ///< where its part begins

  __device__ __forceinline__ attend_place(const scu_attend &a, int index) {
    row = ((const scu_row *)a.rows_of_step)[index];
    first = blockIdx.y * SCU_SPLIT;
    end = min(row.position + 1, first + SCU_SPLIT);
    start = max(first, a.window > 0 ? row.position + 1 - a.window : 0);
  }
};

/// One part of a head's keys and values, COUNT elements at once. `memory` has the query, made, then
/// room for sums; `key` and `value` are those of the row itself where the cache lacks them.
template <int COUNT>
__device__ __forceinline__ void attend_part(
  const scu_attend &a, const attend_place &at, float *memory, const float *key,
  const float *value) {
  __shared__ float weights[SCU_SPLIT], scratch[32];
  const int head = blockIdx.x, n = a.head_dimension;
  const uint64_t *pages = (const uint64_t *)at.row.pages;
  const int own = head / (a.heads / a.key_heads);
  const float *q = memory;
  float *sums = memory + n;
  // A key a thread.
  const int position = at.first + threadIdx.x;
  const bool is_seen = position >= at.start && position < at.end;
  float score = -INFINITY;
  if (is_seen) {
    const bool is_own = key && position == at.row.position;
    const uint64_t page = pages[position / SCU_PAGE];
    const uint64_t index = cache_index(a.plane, a.key_heads, n, 0, own, position);
    float sum = 0;
#pragma unroll 4
    for (int i = 0; i < n; i += COUNT) {
      float k[COUNT];
      if (!is_own) load_cached(page, a.cache_type, index + i, k);
#pragma unroll
      for (int j = 0; j < COUNT; j++) sum = fmaf(q[i + j], is_own ? key[i + j] : k[j], sum);
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
#pragma unroll 4
    for (int p = max(first, at.start); p < min(first + run, at.end); p++) {
      const bool is_own = value && p == at.row.position;
      float v[COUNT];
      if (!is_own)
        load_cached(
          pages[p / SCU_PAGE], a.cache_type,
          cache_index(a.plane, a.key_heads, n, 1, own, p) + piece * COUNT, v);
#pragma unroll
      for (int j = 0; j < COUNT; j++)
        sum[j] = fmaf(weights[p - at.first], is_own ? value[piece * COUNT + j] : v[j], sum[j]);
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
  if (n % 8 == 0) attend_part<8>(a, at, memory, 0, 0);
  else attend_part<1>(a, at, memory, 0, 0);
}

/// `prepare_heads` and `attend` of rows of different sequences: each block makes its query, and its
/// key and value where its part has the row's own position.
extern "C" __global__ void __launch_bounds__(SCU_SPLIT) decode_heads(const scu_decode d) {
  extern __shared__ float memory[];  // [head_dimension], [runs][head_dimension], a key, a value
  __shared__ float scratch[32];
  follow();
  const scu_attend &a = d.attend;
  const int n = a.head_dimension, head = blockIdx.x, row = a.first_row + blockIdx.z;
  const int group = a.heads / a.key_heads, own = head / group;
  const attend_place at(a, row);
  if (at.start >= at.end) return;
  make_head(d.heads, memory, 0, head, row, scratch);
  float *key = 0, *value = 0;
  if (at.end > at.row.position) {
    key = memory + n + max(8 * SCU_SPLIT, 4 * n), value = key + n;
    make_head(d.heads, key, 1, own, row, scratch);
    make_head(d.heads, value, 2, own, row, scratch);
    // As the cache has them.
    for (int i = threadIdx.x; a.cache_type == 0 && i < 2 * n; i += SCU_SPLIT)
      key[i] = from_half(to_half(key[i]));
    __syncthreads();
    if (head % group == 0) {
      append_head(d.heads, key, 1, own, at.row);
      append_head(d.heads, value, 2, own, at.row);
    }
  }
  if (n % 8 == 0) attend_part<8>(a, at, memory, key, value);
  else attend_part<1>(a, at, memory, key, value);
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
