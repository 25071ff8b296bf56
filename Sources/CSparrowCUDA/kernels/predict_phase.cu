// The second matrix of a low-rank predictor, and the mask of the rows whose scores reach a
// threshold: a warp a row, 32 rows a word.
//
// Constants: RANK, CONSUMERS = 8 warps, SLOT_BYTES = 8 rows.

namespace prediction {

constexpr int THREADS = CONSUMERS * 32, VECTORS = RANK / 256, WORD = 32;
static_assert(RANK % 256 == 0 && CONSUMERS == 8 && SLOT_BYTES == CONSUMERS * RANK * 2, "a row a warp");

struct predict_memory {
  ring_memory ring;
  int touched[2][WORD];
  float input[RANK];
};

__device__ __forceinline__ uint32_t scrambled(uint32_t x) {
  x ^= x >> 16, x *= 0x7feb352du;
  x ^= x >> 15, x *= 0x846ca68bu;
  return x ^ x >> 16;
}

/// By all threads of one of `blocks` blocks.
__device__ __forceinline__ void predict(
  const scu_predict_phase &a, predict_memory &m, const int block, const int blocks) {
  open_ring(m.ring);
  const int words = (a.rows + WORD - 1) / WORD;
  const int first = (int)((long long)words * block / blocks);
  const int last = (int)((long long)words * (block + 1) / blocks);
  if (threadIdx.x >= THREADS) {
    producer p(a.lag);
#pragma unroll 1
    for (int r = first * WORD; r < min(last * WORD, a.rows); r += CONSUMERS)
      p.fill(
        m.ring, (const uint16_t *)a.weights + (uint64_t)r * RANK, 1,
        min(CONSUMERS, a.rows - r) * RANK * 2);
    follow();
    return;
  }
  follow();
  const int warp = threadIdx.x >> 5, lane = threadIdx.x & 31;
  float x[VECTORS * 8];
  // Once a block: all blocks read the same few lines of the second cache.
  for (int i = threadIdx.x; i < RANK; i += THREADS) {
    const float y = __ldcg((const float *)a.input + i);
    m.input[i] = a.activation < 0 ? y : fmaxf(y, 0);
  }
  asm volatile("bar.sync 1, %0;" ::"n"(THREADS) : "memory");
#pragma unroll
  for (int v = 0; v < VECTORS; v++)
#pragma unroll
    for (int i = 0; i < 8; i++) x[v * 8 + i] = m.input[(v * 32 + lane) * 8 + i];
  consumer c;
  int turn = 0;
#pragma unroll 1
  for (int w = first; w < last; w++, turn ^= 1) {
#pragma unroll
    for (int s = 0; s < WORD / CONSUMERS; s++) {
      const int base = w * WORD + s * CONSUMERS, row = base + warp;
      if (base >= a.rows) {
        if (lane == 0) m.touched[turn][s * CONSUMERS + warp] = 0;
        continue;
      }
      const char *slot = c.wait(m.ring) + min(warp, a.rows - 1 - base) * RANK * 2;
      float y = 0, z = 0;
#pragma unroll
      for (int v = 0; v < VECTORS; v++) {
        const uint4 q = *(const uint4 *)(slot + (v * 32 + lane) * 16);
        const float *o = x + v * 8;
        y = fmaf(low(q.x), o[0], y), z = fmaf(high(q.x), o[1], z);
        y = fmaf(low(q.y), o[2], y), z = fmaf(high(q.y), o[3], z);
        y = fmaf(low(q.z), o[4], y), z = fmaf(high(q.z), o[5], z);
        y = fmaf(low(q.w), o[6], y), z = fmaf(high(q.w), o[7], z);
      }
      c.release(m.ring);
      float score = warp_sum(y + z);
      if (a.bias && row < a.rows) score += ((const float *)a.bias)[row];
      bool is_touched = score >= a.threshold;
      if (a.planted > 0)
        is_touched = score == score
          && scrambled(row ^ scrambled(a.seed)) < (uint32_t)(a.planted * 4294967040.0f);
      if (lane == 0) m.touched[turn][s * CONSUMERS + warp] = row < a.rows && is_touched;
    }
    asm volatile("bar.sync 1, %0;" ::"n"(THREADS) : "memory");
    if (warp == 0) {
      const uint32_t word = __ballot_sync(~0u, m.touched[turn][lane] != 0);
      if (lane == 0) ((uint32_t *)a.mask)[w] = word;
    }
  }
}

}  // namespace prediction

extern __shared__ __align__(128) char dynamic_memory[];

extern "C" __global__ void __launch_bounds__(prediction::THREADS + 32) predict_phase(
  const __grid_constant__ scu_predict_phase a) {
  prediction::predict(a, *(prediction::predict_memory *)dynamic_memory, blockIdx.x, gridDim.x);
}
