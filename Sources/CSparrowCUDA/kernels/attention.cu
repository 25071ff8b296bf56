// Kernels of attention over single rows. Behind attention.cuh.

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
  finish_head(a, x, kind, own, row, scratch);
  if (kind > 0) return append_head(a, x, kind, own, ((const scu_row *)a.rows_of_step)[row]);
  for (int i = threadIdx.x; i < n; i += blockDim.x) from[i] = x[i];
}

/// Whether a row attends to a head group.
__device__ __forceinline__ bool is_attended(const scu_attend &a, int row, int group) {
  const uint32_t *marks = (const uint32_t *)a.marks;
  return !marks || marks[(uint64_t)row * ((a.key_heads + 31) / 32) + group / 32] >> group % 32 & 1;
}

/// Where a launch leaves a part of a head's result: a row's only part is the result.
struct part_result {
  float *part, *whole;  ///< 0 where it is not the only one

  __device__ __forceinline__ part_result(const scu_attend &a, int head, int row) {
    part = (float *)a.parts
      + (((uint64_t)blockIdx.z * a.heads + head) * a.splits + blockIdx.y) * (a.head_dimension + 2);
    whole = a.splits > 1
      ? 0 : (float *)a.output + (uint64_t)row * a.output_width + head * a.head_dimension;
  }

  __device__ __forceinline__ void element(int i, float sum, float total) const {
    if (whole) whole[i] = sum / total;
    else part[2 + i] = sum;
  }

  __device__ __forceinline__ void state(float most, float total) const {
    if (!whole) part[0] = most, part[1] = total;
  }
};

/// One part of the keys of one row for one query head: its largest score, its sum of weights and
/// its weighted values. Parts begin at multiples of SCU_SPLIT, so that a row's result does not
/// depend on who shares the step. A block of SCU_SPLIT threads.
extern "C" __global__ void __launch_bounds__(SCU_SPLIT) attend(const scu_attend a) {
  extern __shared__ __align__(16) float memory[];  // [head_dimension], then [runs][head_dimension]
  follow();
  const int n = a.head_dimension, row = a.first_row + blockIdx.z;
  const attend_place at(a, ((const scu_row *)a.rows_of_step)[row], blockIdx.y);
  if (at.start >= at.end || !is_attended(a, row, blockIdx.x / (a.heads / a.key_heads))) return;
  for (int i = threadIdx.x; i < n; i += SCU_SPLIT)
    memory[i] = ((const float *)a.query)[(uint64_t)row * a.query_width + blockIdx.x * n + i];
  __syncthreads();
  const paged_cache cache(a, at.row, blockIdx.x / (a.heads / a.key_heads));
  const part_result result(a, blockIdx.x, row);
  if (n % 8 == 0) attend_part<8>(a, at, cache, memory, 0, 0, result);
  else attend_part<1>(a, at, cache, memory, 0, 0, result);
}

/// Where a block makes its key, and behind it its value; 0 where its part has not the row's own
/// position.
__device__ __forceinline__ float *own_key(
  const scu_decode &d, const attend_place &at, float *memory) {
  const int n = d.attend.head_dimension;
  return at.end > at.row.position ? memory + n + max(8 * SCU_SPLIT, 4 * n) : 0;
}

/// Query, key and value of a row, made from what products have left. A barrier stands behind it.
__device__ __forceinline__ void make_heads(
  const scu_decode &d, const attend_place &at, const head_turn &turn, float *query, float *key) {
  __shared__ float scratch[32];
  const scu_heads &h = d.heads;
  const int n = h.head_dimension, head = blockIdx.x, group = h.heads / h.key_heads;
  const int own = head / group, row = d.attend.first_row + blockIdx.z;
  float *value = key + n;
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
  if (key) cache_own(h, key, value, own, at.row, head % group == 0);
}

/// `prepare_heads` and `attend` of rows of different sequences: each block makes its query, and its
/// key and value where its part has the row's own position.
extern "C" __global__ void __launch_bounds__(SCU_SPLIT) decode_heads(const scu_decode d) {
  // [head_dimension], [runs][head_dimension], a key, a value
  extern __shared__ __align__(16) float memory[];
  follow();
  const scu_attend &a = d.attend;
  const int n = a.head_dimension, head = blockIdx.x, row = a.first_row + blockIdx.z;
  const attend_place at(a, ((const scu_row *)a.rows_of_step)[row], blockIdx.y);
  if (at.start >= at.end) return;
  float *key = own_key(d, at, memory);
  make_heads(d, at, head_turn(d.heads, row), memory, key);
  const paged_cache cache(a, at.row, head / (a.heads / a.key_heads));
  const part_result result(a, head, row);
  if (n % 8 == 0) attend_part<8>(a, at, cache, memory, key, key + n, result);
  else attend_part<1>(a, at, cache, memory, key, key + n, result);
}

/// The same of few rows over a cache of halves, in multiples of eight elements: a block that has a
/// multiprocessor for itself reads what is cached since earlier steps before it follows.
extern "C" __global__ void __launch_bounds__(SCU_SPLIT) decode_heads_ahead(const scu_decode d) {
  extern __shared__ __align__(16) float memory[];
  const scu_attend &a = d.attend;
  const int head = blockIdx.x, row = a.first_row + blockIdx.z;
  const attend_place at(a, ((const scu_row *)a.rows_of_step)[row], blockIdx.y);
  const head_turn turn(d.heads, row);
  const cached_ahead ahead(a, at, head / (a.heads / a.key_heads));
  follow();
  if (at.start >= at.end) return;
  float *key = own_key(d, at, memory);
  make_heads(d, at, turn, memory, key);
  attend_part<8>(
    a, at, paged_cache(a, at.row, head / (a.heads / a.key_heads)), memory, key,
    key + a.head_dimension, part_result(a, head, row), &ahead);
}

/// Joins the parts of a row's head, in their order; a block a head and row.
extern "C" __global__ void join_parts(const scu_attend a) {
  follow();
  const int head = blockIdx.x, row = a.first_row + blockIdx.y, n = a.head_dimension;
  if (!is_attended(a, row, head / (a.heads / a.key_heads))) return;
  const int position = ((const scu_row *)a.rows_of_step)[row].position;
  const int least = a.window > 0 ? max(0, position + 1 - a.window) : 0;
  const int first = least / SCU_SPLIT, last = position / SCU_SPLIT;
  const float *parts =
    (const float *)a.parts + ((uint64_t)blockIdx.y * a.heads + head) * a.splits * (n + 2);
  float *out = (float *)a.output + (uint64_t)row * a.output_width + head * n;
  float most = -INFINITY;
#pragma unroll 8
  for (int s = first; s <= last; s++) most = fmaxf(most, parts[s * (n + 2)]);
  for (int i = threadIdx.x; i < n; i += blockDim.x) {
    float total = 0, sum = 0;
#pragma unroll 4
    for (int s = first; s <= last; s++) {
      const float weight = expf(parts[s * (n + 2)] - most);
      total = fmaf(weight, parts[s * (n + 2) + 1], total);
      sum = fmaf(weight, parts[s * (n + 2) + 2 + i], sum);
    }
    out[i] = sum / total;
  }
}
