// Attention over a cache in pages of SCU_PAGE positions: `[key or value][head][position][dimension]`
// from `plane` elements on.

__device__ __forceinline__ uint64_t cache_index(
  uint64_t plane, int key_heads, int dimension, int is_value, int head, int position) {
  return plane
    + ((uint64_t)(is_value * key_heads + head) * SCU_PAGE + position % SCU_PAGE) * dimension;
}

__device__ __forceinline__ void store_cached(uint64_t page, int type, uint64_t index, float x) {
  if (type == 0) ((uint16_t *)page)[index] = to_half(x);
  else ((float *)page)[index] = x;
}

__device__ __forceinline__ float load_cached(uint64_t page, int type, uint64_t index) {
  return type == 0 ? from_half(((const uint16_t *)page)[index]) : ((const float *)page)[index];
}

/// A head of a row a block of whole warps.
extern "C" __global__ void prepare_heads(const scu_heads a) {
  extern __shared__ float x[];
  __shared__ float scratch[32];
  follow();
  const int row = blockIdx.y, head = blockIdx.x, n = a.head_dimension;
  const scu_row place = ((const scu_row *)a.rows_of_step)[row];
  const int kind = head < a.heads ? 0 : head < a.heads + a.key_heads ? 1 : 2;
  const int own = kind == 0 ? head : kind == 1 ? head - a.heads : head - a.heads - a.key_heads;
  float *base = (float *)(kind == 0 ? a.query : kind == 1 ? a.key : a.value)
    + (uint64_t)row * (kind == 0 ? a.query_width : kind == 1 ? a.key_width : a.value_width)
    + own * n;
  for (int i = threadIdx.x; i < n; i += blockDim.x) x[i] = base[i];
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
    const float inverse = 1 / sqrtf(block_sum(sum, scratch) / n + a.epsilon);
    for (int i = threadIdx.x; i < n; i += blockDim.x)
      x[i] = (x[i] - mean) * inverse * (w ? w[i] + a.offset : 1);
  }
  __syncthreads();
  if (kind < 2 && a.cosine) {
    const float *c = (const float *)a.cosine + (uint64_t)row * a.rotary / 2;
    const float *s = (const float *)a.sine + (uint64_t)row * a.rotary / 2;
    for (int i = threadIdx.x; i < a.rotary / 2; i += blockDim.x) {
      const int first = a.interleaved ? 2 * i : i, second = a.interleaved ? 2 * i + 1 : i + a.rotary / 2;
      const float u = x[first], v = x[second];
      x[first] = u * c[i] - v * s[i];
      x[second] = u * s[i] + v * c[i];
    }
    __syncthreads();
  }
  if (kind == 0) {
    for (int i = threadIdx.x; i < n; i += blockDim.x) base[i] = x[i];
    return;
  }
  const uint64_t page = ((const uint64_t *)place.pages)[place.position / SCU_PAGE];
  const uint64_t index = cache_index(a.plane, a.key_heads, n, kind == 2, own, place.position);
  for (int i = threadIdx.x; i < n; i += blockDim.x) store_cached(page, a.cache_type, index + i, x[i]);
}

/// One part of the keys of one row for one query head: its largest score, its sum of weights and
/// its weighted values. Parts begin at multiples of SCU_SPLIT, so that a row's result does not
/// depend on who shares the step.
extern "C" __global__ void attend(const scu_attend a) {
  __shared__ float scores[SCU_SPLIT], scratch[32];
  extern __shared__ float q[];
  follow();
  const int head = blockIdx.x, split = blockIdx.y, row = blockIdx.z, n = a.head_dimension;
  const scu_row place = ((const scu_row *)a.rows_of_step)[row];
  const int end = min(place.position + 1, (split + 1) * SCU_SPLIT);
  const int least = a.window > 0 ? max(0, place.position + 1 - a.window) : 0;
  const int start = max(split * SCU_SPLIT, least);
  if (start >= end) return;
  const uint64_t *pages = (const uint64_t *)place.pages;
  const int own = head / (a.heads / a.key_heads), warp = threadIdx.x >> 5, lane = threadIdx.x & 31;
  for (int i = threadIdx.x; i < n; i += blockDim.x)
    q[i] = ((const float *)a.query)[(uint64_t)row * a.query_width + head * n + i];
  __syncthreads();
  float most = -INFINITY;
  for (int p = start + warp; p < end; p += blockDim.x >> 5) {
    const uint64_t index = cache_index(a.plane, a.key_heads, n, 0, own, p);
    float sum = 0;
    for (int i = lane; i < n; i += 32) sum += q[i] * load_cached(pages[p / SCU_PAGE], a.cache_type, index + i);
    sum = warp_sum(sum) * a.scale;
    if (a.softcap != 0) sum = a.softcap * tanhf(sum / a.softcap);
    if (lane == 0) scores[p - start] = sum;
    most = fmaxf(most, sum);
  }
  if (lane == 0) scratch[warp] = most;
  __syncthreads();
  for (int i = 0; i < (int)blockDim.x >> 5; i++) most = fmaxf(most, scratch[i]);
  float total = 0;
  for (int i = threadIdx.x; i < end - start; i += blockDim.x) {
    scores[i] = expf(scores[i] - most);
    total += scores[i];
  }
  total = block_sum(total, scratch);
  float *part = (float *)a.parts
    + (((uint64_t)row * a.heads + head) * a.splits + split) * (n + 2);
  for (int i = threadIdx.x; i < n; i += blockDim.x) {
    float sum = 0;
    for (int p = start; p < end; p++)
      sum += scores[p - start]
        * load_cached(pages[p / SCU_PAGE], a.cache_type, cache_index(a.plane, a.key_heads, n, 1, own, p) + i);
    part[2 + i] = sum;
  }
  if (threadIdx.x == 0) part[0] = most, part[1] = total;
}

/// Joins the parts of a row's head, in their order.
extern "C" __global__ void join_parts(const scu_attend a) {
  follow();
  const int head = blockIdx.x, row = blockIdx.y, n = a.head_dimension;
  const int position = ((const scu_row *)a.rows_of_step)[row].position;
  const int least = a.window > 0 ? max(0, position + 1 - a.window) : 0;
  const int first = least / SCU_SPLIT, last = position / SCU_SPLIT;
  const float *parts = (const float *)a.parts + ((uint64_t)row * a.heads + head) * a.splits * (n + 2);
  float most = -INFINITY, total = 0;
  for (int s = first; s <= last; s++) most = fmaxf(most, parts[s * (n + 2)]);
  for (int s = first; s <= last; s++) total += expf(parts[s * (n + 2)] - most) * parts[s * (n + 2) + 1];
  float *out = (float *)a.output + (uint64_t)row * a.output_width + head * n;
  for (int i = threadIdx.x; i < n; i += blockDim.x) {
    float sum = 0;
    for (int s = first; s <= last; s++) sum += expf(parts[s * (n + 2)] - most) * parts[s * (n + 2) + 2 + i];
    out[i] = sum / total;
  }
}
