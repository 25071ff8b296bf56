// A sketch's scores of all rows.

extern "C" __global__ void center_rows(const scu_center a) {
  __shared__ float scratch[32];
  follow();
  const int row = blockIdx.x;
  const float *x = (const float *)a.input + (uint64_t)row * a.input_width;
  float *y = (float *)a.centered + (uint64_t)row * a.width;
  float sum = 0;
  for (int i = threadIdx.x; i < a.width; i += blockDim.x) {
    const float h = x[i];
    y[i] = h - ((const float *)a.mean)[i];
    sum = fmaf(h, ((const float *)a.mean_row)[i], sum);
  }
  sum = block_sum(sum, scratch);
  if (threadIdx.x == 0) ((float *)a.mean_dots)[row] = sum;
}

constexpr int LOOK_THREADS = 256, LOOK_BLOCKS = LOOK_THREADS / 16;

/// Products of each group's centroids with its directions, `[groups][16]`.
__device__ void make_tables(const scu_sketch &a, const float *x, float *tables) {
  const int *bounds = (const int *)a.bounds;
  const float *centroids = (const float *)a.centroids;
  for (int i = threadIdx.x; i < a.groups * 16; i += LOOK_THREADS) {
    float sum = 0;
    for (int d = bounds[i / 16]; d < bounds[i / 16 + 1]; d++)
      sum = fmaf(__ldcg(x + d), centroids[d * 16 + i % 16], sum);
    tables[i] = sum;
  }
  __syncthreads();
}

/// What the codes of four rows stand for; sixteen threads have the 64 rows of a block.
__device__ __forceinline__ void look(
  const scu_sketch &a, const float *tables, int block, int quad, float (&sum)[4]) {
  const int pairs = (a.groups + 1) / 2;
  const uint32_t *codes = (const uint32_t *)a.codes + (uint64_t)block * pairs * 16 + quad;
#pragma unroll 4
  for (int p = 0; p < pairs; p++) {
    const uint32_t bytes = __ldg(codes + p * 16);
    const float *first = tables + p * 32;
    const bool has_second = 2 * p + 1 < a.groups;
#pragma unroll
    for (int r = 0; r < 4; r++) {
      sum[r] += first[bytes >> 8 * r & 15];
      if (has_second) sum[r] += first[16 + (bytes >> (8 * r + 4) & 15)];
    }
  }
}

/// Blocks of 64 rows, those of each thread block a run of them.
extern "C" __global__ void __launch_bounds__(LOOK_THREADS) sketch_scores(const scu_sketch a) {
  extern __shared__ float tables[];
  follow();
  const int row = blockIdx.y, quad = threadIdx.x & 15;
  if (a.codes)
    make_tables(a, (const float *)a.directions + (uint64_t)row * a.direction_count, tables);
  float *scores = (float *)a.scores + (uint64_t)row * a.blocks * 64;
  for (int base = blockIdx.x * LOOK_BLOCKS; base < a.blocks; base += gridDim.x * LOOK_BLOCKS) {
    const int block = base + (threadIdx.x >> 4), at = block * 64 + quad * 4;
    float best = -INFINITY;
    if (block < a.blocks) {
      float sum[4] = {};
      if (a.codes) look(a, tables, block, quad, sum);
      for (int r = 0; r < 4; r++) {
        if (!a.codes) sum[r] = at + r < a.row_count ? scores[at + r] : 0;
        const float bias = from_half(((const uint16_t *)a.bias)[at + r]);
        sum[r] = at + r < a.row_count ? sum[r] + bias : -INFINITY;
        best = fmaxf(best, sum[r]);
      }
      *(float4 *)(scores + at) = make_float4(sum[0], sum[1], sum[2], sum[3]);
    }
    for (int m = 8; m; m >>= 1) best = fmaxf(best, __shfl_xor_sync(~0u, best, m));
    if (a.best && quad == 0 && block < a.blocks)
      ((float *)a.best)[(uint64_t)row * a.blocks + block] = best;
  }
}
