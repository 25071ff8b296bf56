// A row of the residual stream over the threads of a block: each has some columns of it, in
// registers, and of every row of weights the same ones.
//
// Constants: those of the step's memory.

constexpr int VECTORS = WIDTH / 8 / THREADS, OWN = VECTORS * 8;
static_assert(WIDTH == THREADS * OWN, "whole vectors for each thread");

/// Waits for all consumers.
__device__ __forceinline__ void meet() {
  asm volatile("bar.sync 1, %0;" ::"n"(THREADS) : "memory");
}

/// Column of a thread's vector `v`.
__device__ __forceinline__ int column(int v) { return (threadIdx.x + v * THREADS) * 8; }

/// The sum of all consumers' numbers, to all of them.
__device__ __forceinline__ float consumers_sum(float x, float *scratch) {
  x = warp_sum(x);
  if ((threadIdx.x & 31) == 0) scratch[threadIdx.x >> 5] = x;
  meet();
  float total = 0;
#pragma unroll
  for (int i = 0; i < CONSUMERS; i++) total += scratch[i];
  return total;
}

/// The largest of them, to all of them.
__device__ __forceinline__ float consumers_max(float x, float *scratch) {
  x = warp_max(x);
  if ((threadIdx.x & 31) == 0) scratch[threadIdx.x >> 5] = x;
  meet();
#pragma unroll
  for (int i = 0; i < CONSUMERS; i++) x = fmaxf(x, scratch[i]);
  return x;
}

/// This thread's part of a norm's weights: loaded before a wait, for nothing changes them.
struct norm_weights {
  uint4 weight[VECTORS], bias[VECTORS];

  __device__ __forceinline__ norm_weights(const uint16_t *from, const uint16_t *bias_from) {
#pragma unroll
    for (int v = 0; v < VECTORS; v++) {
      weight[v] = *(const uint4 *)(from + column(v));
      bias[v] = bias_from ? *(const uint4 *)(bias_from + column(v)) : make_uint4(0, 0, 0, 0);
    }
  }

  __device__ __forceinline__ void apply(
    float (&x)[OWN], bool is_rms, float epsilon, float (*scratch)[CONSUMERS]) const {
    float mean = 0, sum = 0;
    if (!is_rms) {
#pragma unroll
      for (int i = 0; i < OWN; i++) sum += x[i];
      mean = consumers_sum(sum, scratch[0]) / WIDTH;
      sum = 0;
    }
#pragma unroll
    for (int i = 0; i < OWN; i++) sum += (x[i] - mean) * (x[i] - mean);
    const float inverse = rsqrtf(consumers_sum(sum, scratch[1]) / WIDTH + epsilon);
#pragma unroll
    for (int v = 0; v < VECTORS; v++) {
      const uint32_t w[4] = {weight[v].x, weight[v].y, weight[v].z, weight[v].w};
      const uint32_t b[4] = {bias[v].x, bias[v].y, bias[v].z, bias[v].w};
#pragma unroll
      for (int i = 0; i < 4; i++) {
        float *y = x + v * 8 + 2 * i;
        y[0] = fmaf((y[0] - mean) * inverse, low(w[i]), low(b[i]));
        y[1] = fmaf((y[1] - mean) * inverse, high(w[i]), high(b[i]));
      }
    }
  }
};

/// The i-th dot product, of all warps.
__device__ __forceinline__ float take_sum(const float (*sums)[ALL_SUMS], int i) {
  float y = 0;
#pragma unroll
  for (int w = 0; w < CONSUMERS; w++) y += sums[w][i];
  return y;
}
