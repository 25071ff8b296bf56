// Attention of chosen head groups: queries of those, keys and values of the heads that make theirs
// now, for all positions that they lack. Behind gather.cuh and cache.cuh.

/// The lengths of head groups' results, a group a warp.
extern "C" __global__ void head_lengths(const scu_lengths a) {
  follow();
  const int group = blockIdx.x * (blockDim.x >> 5) + (threadIdx.x >> 5), row = blockIdx.y;
  if (group >= a.groups) return;
  const float *x =
    (const float *)a.input + (uint64_t)row * a.input_width + group * a.group_width;
  float sum = 0;
  for (int i = threadIdx.x & 31; i < a.group_width; i += 32) sum = fmaf(x[i], x[i], sum);
  sum = warp_sum(sum);
  if ((threadIdx.x & 31) == 0) ((float *)a.scores)[(uint64_t)row * a.groups + group] = sqrtf(sum);
}

__device__ __forceinline__ bool is_chosen(const scu_lists &l, int row, int i) {
  return ((const uint32_t *)l.marks)[(uint64_t)row * ((l.width + 31) / 32) + i / 32] >> i % 32 & 1;
}

struct kept_layer {
  int *made;
  float *inputs;
  int width;

  __device__ __forceinline__ kept_layer(const scu_sparse_heads &a, int row) {
    made = (int *)(((const scu_row *)a.heads.rows_of_step)[row].kept + a.kept.before);
    inputs = (float *)(made + a.kept.heads);
    width = a.kept.width;
  }
  __device__ __forceinline__ float *input(int position) const {
    return inputs + position % SCU_KEPT * width;
  }
};

/// Elements of a position that its input takes: no row of a matrix is padded further.
__device__ __forceinline__ int turns_start(const scu_sparse_heads &a) {
  return (a.key_matrix.columns + SCU_LINE - 1) / SCU_LINE * SCU_LINE;
}

/// Keeps a row's input and what its heads are turned by.
extern "C" __global__ void keep_input(const scu_sparse_heads a) {
  follow();
  const int row = blockIdx.x, turned = a.heads.turns ? a.heads.rotary / 2 * 2 : 0;
  const int columns = a.key_matrix.columns, start = turns_start(a);
  const int position = ((const scu_row *)a.heads.rows_of_step)[row].position;
  float *to = kept_layer(a, row).input(position);
  const float *x = (const float *)a.input + (uint64_t)row * a.input_width;
  const float *turns = (const float *)a.heads.turns + (uint64_t)row * a.heads.turn_stride;
  for (int i = threadIdx.x; i < start; i += blockDim.x) to[i] = i < columns ? x[i] : 0;
  for (int i = threadIdx.x; i < turned; i += blockDim.x) to[start + i] = turns[i];
}

struct run {
  int begin, end;
};

/// The positions whose keys and values a head makes now.
__device__ __forceinline__ run missing(const scu_sparse_heads &a, int row, int head) {
  const int position = ((const scu_row *)a.heads.rows_of_step)[row].position;
  const int made = kept_layer(a, row).made[head];
  if (a.catches_up) return {made, position};
  const bool makes = is_chosen(a.chosen, row, head) || (position + head) % SCU_KEPT == 0;
  return {makes ? made : position + 1, position + 1};
}

constexpr int PROJECT_WARPS = 8, PROJECT_ROWS = 32;

/// A warp a row of a matrix, PROJECT_ROWS a block: those of queries, then of keys and of values
/// where heads make theirs late.
extern "C" __global__ void __launch_bounds__(PROJECT_WARPS * 32) project_heads(
  const scu_sparse_heads a) {
  extern __shared__ __align__(16) float x[];
  follow();
  const scu_heads &h = a.heads;
  const int row = blockIdx.y, lane = threadIdx.x & 31, n = h.head_dimension;
  const int group_rows = h.heads / h.key_heads * n, keys = h.key_heads * n;
  const int queries = a.catches_up ? 0 : h.heads * n;
  const int first = blockIdx.x * PROJECT_ROWS;
  const int end = min(first + PROJECT_ROWS, queries + (a.kept.width > 0 ? 2 * keys : 0));
  bool is_wanted = false;
  for (int r = first; r < min(end, queries); r++)
    is_wanted |= is_chosen(a.chosen, row, r / group_rows);
  if (is_wanted) {
    const float *input = (const float *)a.input + (uint64_t)row * a.input_width;
    stage(x, input, a.query_matrix.columns, a.query_matrix.stride);
  }
  for (int r = first + (threadIdx.x >> 5); r < end; r += PROJECT_WARPS) {
    if (r < queries) {
      if (!is_chosen(a.chosen, row, r / group_rows)) continue;
      const float y = row_dot(a.query_matrix, r, x);
      const float *bias = (const float *)a.query_bias;
      if (lane == 0)
        ((float *)h.query)[(uint64_t)row * h.query_width + r] = bias ? y + bias[r] : y;
      continue;
    }
    const int k = (r - queries) % keys;
    const bool is_key = r - queries < keys;
    const run positions = missing(a, row, k / n);
    const kept_layer kept(a, row);
    const float *bias = (const float *)(is_key ? a.key_bias : a.value_bias);
    float *to = (float *)(is_key ? a.late_keys : a.late_values) + (uint64_t)row * SCU_KEPT * keys;
    for (int p = positions.begin; p < positions.end; p++) {
      const float y = row_dot(is_key ? a.key_matrix : a.value_matrix, k, kept.input(p));
      if (lane == 0) to[(p - positions.begin) * keys + k] = bias ? y + bias[k] : y;
    }
  }
}

/// Norms a head by a warp, whose elements lie in memory of its own.
__device__ __forceinline__ void norm_one(
  float *x, int n, int norm, const float *w, float epsilon, float offset) {
  const int lane = threadIdx.x & 31;
  float mean = 0, sum = 0;
  if (norm == 2) {
    for (int i = lane; i < n; i += 32) sum += x[i];
    mean = warp_sum(sum) / n, sum = 0;
  }
  for (int i = lane; i < n; i += 32) sum += (x[i] - mean) * (x[i] - mean);
  const float inverse = 1 / sqrtf(warp_sum(sum) / n + epsilon);
  for (int i = lane; i < n; i += 32)
    x[i] = (x[i] - mean) * inverse * (w ? w[i] + offset : 1);
  __syncwarp();
}

/// `turns`: cosines, then sines, `half` each.
__device__ __forceinline__ void turn_one(float *x, const float *turns, int half, int interleaved) {
  for (int i = threadIdx.x & 31; i < half; i += 32) {
    const int first = interleaved ? 2 * i : i, second = interleaved ? 2 * i + 1 : i + half;
    const float u = x[first], v = x[second], c = turns[i], s = turns[half + i];
    x[first] = u * c - v * s;
    x[second] = u * s + v * c;
  }
  __syncwarp();
}

constexpr int APPEND_WARPS = 4;

/// Norms and turns chosen queries and the keys that were made, and writes keys and values into the
/// cache; a key/value head of a row a block.
extern "C" __global__ void __launch_bounds__(APPEND_WARPS * 32) append_heads(
  const scu_sparse_heads a) {
  extern __shared__ float memory[];  // [APPEND_WARPS][head_dimension]
  follow();
  const scu_heads &h = a.heads;
  const int row = blockIdx.y, head = blockIdx.x, n = h.head_dimension;
  const int warp = threadIdx.x >> 5, lane = threadIdx.x & 31, half = h.turns ? h.rotary / 2 : 0;
  const int group = h.heads / h.key_heads, keys = h.key_heads * n;
  const int queries = !a.catches_up && is_chosen(a.chosen, row, head) ? group : 0;
  const scu_row place = ((const scu_row *)h.rows_of_step)[row];
  const bool is_late = a.kept.width > 0;
  run positions = {place.position, place.position + 1};
  if (is_late) positions = missing(a, row, head);
  const int made = max(positions.end - positions.begin, 0);
  float *x = memory + warp * n;
  for (int item = warp; item < queries + 2 * made; item += APPEND_WARPS) {
    const bool is_query = item < queries, is_value = !is_query && item >= queries + made;
    const int own = is_query ? head * group + item : head;
    const int index = is_query ? 0 : (item - queries) % made, position = positions.begin + index;
    float *from = (float *)h.query + (uint64_t)row * h.query_width + own * n;
    if (!is_query && is_late)
      from = (float *)(is_value ? a.late_values : a.late_keys)
        + ((uint64_t)row * SCU_KEPT + index) * keys + head * n;
    else if (!is_query)
      from = (float *)(is_value ? h.value : h.key)
        + (uint64_t)row * (is_value ? h.value_width : h.key_width) + head * n;
    for (int i = lane; i < n; i += 32) x[i] = from[i];
    __syncwarp();
    const int norm = is_query ? h.norms_query : is_value ? h.norms_value : h.norms_key;
    const float *w = (const float *)(is_query ? h.query_norm : is_value ? 0 : h.key_norm);
    if (w) w += own * (is_query ? h.query_stride : h.key_stride);
    if (norm) norm_one(x, n, norm, w, is_value ? h.value_epsilon : h.epsilon, h.offset);
    if (half > 0 && !is_value) {
      const float *turns = (const float *)h.turns + (uint64_t)row * h.turn_stride;
      if (!is_query && is_late)
        turns = kept_layer(a, row).input(position) + turns_start(a);
      turn_one(x, turns, half, h.interleaved);
    }
    if (is_query) {
      for (int i = lane; i < n; i += 32) from[i] = x[i];
    } else {
      const uint64_t page = ((const uint64_t *)place.pages)[position / SCU_PAGE];
      const uint64_t at = cache_index(h.plane, h.key_heads, n, is_value, head, position);
      for (int i = lane; i < n; i += 32) store_cached(page, h.cache_type, at + i, x[i]);
    }
    __syncwarp();
  }
  if (!is_late) return;
  __syncthreads();
  // Nobody else reads the count before the next step.
  if (threadIdx.x != 0 || made == 0) return;
  kept_layer(a, row).made[head] = positions.end;
  if (a.reads && !a.catches_up) atomicAdd(&((scu_reads *)a.reads)->columns, 1ull);
}

/// Positions that the heads of all layers have made.
extern "C" __global__ void set_made(const scu_made a) {
  follow();
  const uint64_t layer_words = a.heads + (uint64_t)SCU_KEPT * a.width;
  for (int i = threadIdx.x; i < a.layers * a.heads; i += blockDim.x) {
    int *made = (int *)a.memory + i / a.heads * layer_words + i % a.heads;
    *made = a.at_most ? min(*made, a.count) : a.count;
  }
}
