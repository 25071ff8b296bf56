// A row of the residual stream over the threads of a block: each has some columns of it, in
// registers, and of every row of weights the same ones.
//
// Constants: those of the step's memory, and SLOT_ROWS rows of WIDTH bfloats a slot.

constexpr int VECTORS = WIDTH / 8 / THREADS, OWN = VECTORS * 8, ROW_BYTES = WIDTH * 2;
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

/// Eight weights times eight numbers, onto two sums.
__device__ __forceinline__ void dot_vector(float &a, float &b, uint4 w, const float *y) {
  a = fmaf(low(w.x), y[0], a), b = fmaf(high(w.x), y[1], b);
  a = fmaf(low(w.y), y[2], a), b = fmaf(high(w.y), y[3], b);
  a = fmaf(low(w.z), y[4], a), b = fmaf(high(w.z), y[5], b);
  a = fmaf(low(w.w), y[6], a), b = fmaf(high(w.w), y[7], b);
}

/// A thread's part of a row times its part of x.
__device__ __forceinline__ float dot_own(const char *row, const float (&x)[OWN]) {
  float a = 0, b = 0;
#pragma unroll
  for (int v = 0; v < VECTORS; v++)
    dot_vector(a, b, *(const uint4 *)(row + column(v) * 2), x + v * 8);
  return a + b;
}

__device__ __forceinline__ void add_own(float (&sum)[OWN], const char *row, float factor) {
#pragma unroll
  for (int v = 0; v < VECTORS; v++) {
    const uint4 w = *(const uint4 *)(row + column(v) * 2);
    float *y = sum + v * 8;
    y[0] = fmaf(low(w.x), factor, y[0]), y[1] = fmaf(high(w.x), factor, y[1]);
    y[2] = fmaf(low(w.y), factor, y[2]), y[3] = fmaf(high(w.y), factor, y[3]);
    y[4] = fmaf(low(w.z), factor, y[4]), y[5] = fmaf(high(w.z), factor, y[5]);
    y[6] = fmaf(low(w.w), factor, y[6]), y[7] = fmaf(high(w.w), factor, y[7]);
  }
}

/// Adds eight numbers of each lane over the warp: lane 4 i has the i-th sum.
__device__ __forceinline__ float warp_sums(const float (&p)[BATCH]) {
  const int lane = threadIdx.x & 31;
  float q[4], r[2];
#pragma unroll
  for (int i = 0; i < 4; i++) {
    const float keep = lane & 16 ? p[i + 4] : p[i], send = lane & 16 ? p[i] : p[i + 4];
    q[i] = keep + __shfl_xor_sync(~0u, send, 16);
  }
#pragma unroll
  for (int i = 0; i < 2; i++) {
    const float keep = lane & 8 ? q[i + 2] : q[i], send = lane & 8 ? q[i] : q[i + 2];
    r[i] = keep + __shfl_xor_sync(~0u, send, 8);
  }
  float s = (lane & 4 ? r[1] : r[0]) + __shfl_xor_sync(~0u, lane & 4 ? r[0] : r[1], 4);
  s += __shfl_xor_sync(~0u, s, 2);
  return s + __shfl_xor_sync(~0u, s, 1);
}

/// Dot products of the ring's next rows, `count` of `LIMIT`, into `p` from `at` on.
template <int LIMIT>
__device__ __forceinline__ void dot_rows(
  ring_memory &m, consumer &c, const float (&x)[OWN], int count, float *p) {
  const char *slot = 0;
#pragma unroll
  for (int i = 0; i < LIMIT; i++) {
    p[i] = 0;
    if (i >= count) continue;
    if (i % SLOT_ROWS == 0) slot = c.wait(m);
    p[i] = dot_own(slot + i % SLOT_ROWS * ROW_BYTES, x);
    if (i % SLOT_ROWS == SLOT_ROWS - 1 || i == count - 1) c.release(m);
  }
}

/// Adds what each warp has of eight dot products, over its columns, to where the block adds them.
__device__ __forceinline__ void leave_sums(const float (&p)[BATCH], float (*sums)[BATCH]) {
  const float s = warp_sums(p);
  if ((threadIdx.x & 3) == 0) sums[threadIdx.x >> 5][(threadIdx.x & 31) >> 2] = s;
}

/// The i-th dot product, of all warps.
__device__ __forceinline__ float take_sum(const float (*sums)[BATCH], int i) {
  float y = 0;
#pragma unroll
  for (int w = 0; w < CONSUMERS; w++) y += sums[w][i];
  return y;
}
