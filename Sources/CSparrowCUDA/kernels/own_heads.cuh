// Queries, keys and values of a row as attention wants them: normed, turned, and in the cache.
// Behind cache.cuh.

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
      const float u = x[first], v = x[second];
      x[first] = fmaf(u, c, -__fmul_rn(v, s));
      x[second] = fmaf(u, s, __fmul_rn(v, c));
    }
  }
};

/// A key or a value into the cache.
__device__ __forceinline__ void append_head(
  const scu_heads &a, const float *x, int kind, int own, scu_row place) {
  const int n = a.head_dimension;
  const uint64_t page = ((const uint64_t *)place.pages)[place.position / SCU_PAGE];
  const uint64_t index = cache_index(a.plane, a.key_heads, n, kind == 2, own, place.position);
  for (int i = threadIdx.x; i < n; i += blockDim.x)
    store_cached(page, a.cache_type, index + i, x[i]);
}
