// Attention's output matrix in a decoding step of one row, head by head: a head's columns lie
// together, so that one that was skipped is not read.
//
// Constants: HEAD elements, SPLITS parts of attention, CONSUMERS warps, SLOT_BYTES.

constexpr int THREADS = CONSUMERS * 32;
/// Threads of a row's part of a head, rows that all threads take at once, and such turns at most.
constexpr int ROW_THREADS = HEAD / 8, AT_ONCE = THREADS / ROW_THREADS;
constexpr int ROWS = SLOT_BYTES / (HEAD * 2), TURNS = (ROWS + AT_ONCE - 1) / AT_ONCE;

struct output_memory {
  ring_memory ring;
  float attended[HEADS][HEAD];
};

extern __shared__ __align__(128) char dynamic_memory[];

__device__ __forceinline__ void meet() { asm volatile("bar.sync 1, %0;" ::"n"(THREADS) : "memory"); }

/// A head's result of the parts that attention left, in their order: element i by thread i.
__device__ __forceinline__ float joined(const float *parts, int head, int i) {
  const float *own = parts + (uint64_t)head * SPLITS * (HEAD + 2);
  float most[SPLITS], total[SPLITS], y[SPLITS], best = -INFINITY, sum = 0, all = 0;
#pragma unroll
  for (int s = 0; s < SPLITS; s++) {
    const float2 state = __ldcg((const float2 *)(own + s * (HEAD + 2)));
    most[s] = state.x, total[s] = state.y, y[s] = __ldcg(own + s * (HEAD + 2) + 2 + i);
  }
#pragma unroll
  for (int s = 0; s < SPLITS; s++) best = fmaxf(best, most[s]);
#pragma unroll
  for (int s = 0; s < SPLITS; s++) {
    const float scale = expf(most[s] - best);
    all = fmaf(total[s], scale, all), sum = fmaf(y[s], scale, sum);
  }
  return sum / all;
}

__device__ __forceinline__ bool is_selected(const scu_output_phase &a, int head) {
  const int group = head / a.group_heads;
  return !a.mask || (__ldcg((const uint32_t *)a.mask + group / 32) >> group % 32 & 1);
}

extern "C" __global__ void __launch_bounds__(THREADS + 32, RESIDENT) output_phase(
  const __grid_constant__ scu_output_phase a) {
  output_memory &m = *(output_memory *)dynamic_memory;
  open_ring(m.ring);
  const int first = (int)((long long)a.rows * blockIdx.x / gridDim.x);
  const int count = (int)((long long)a.rows * (blockIdx.x + 1) / gridDim.x) - first;
  if (threadIdx.x >= THREADS) {
    producer p(a.lag);
    if (a.mask) follow();
    for (int head = 0; head < a.heads; head++) {
      if (!is_selected(a, head)) continue;
      p.fill(
        m.ring, (const uint16_t *)a.weights + ((uint64_t)head * a.rows + first) * HEAD, 1,
        count * HEAD * 2);
    }
    if (!a.mask) follow();
    return;
  }
  follow();
  // Many loads at once: each is a way to the second cache and back.
#pragma unroll 8
  for (int i = threadIdx.x; i < HEADS * HEAD; i += THREADS)
    m.attended[i / HEAD][i % HEAD] = joined((const float *)a.parts, i / HEAD, i % HEAD);
  meet();
  consumer c;
  const int team = threadIdx.x / ROW_THREADS, part = threadIdx.x % ROW_THREADS * 8;
  float sum[TURNS] = {};
#pragma unroll 1
  for (int head = 0; head < a.heads; head++) {
    if (!is_selected(a, head)) continue;
    const char *slot = c.wait(m.ring);
    const float4 u = *(const float4 *)(m.attended[head] + part);
    const float4 v = *(const float4 *)(m.attended[head] + part + 4);
#pragma unroll
    for (int t = 0; t < TURNS; t++) {
      const uint4 w = *(const uint4 *)(slot + (min(team + t * AT_ONCE, count - 1) * HEAD + part) * 2);
      float x = 0, y = 0;
      x = fmaf(low(w.x), u.x, x), y = fmaf(high(w.x), u.y, y);
      x = fmaf(low(w.y), u.z, x), y = fmaf(high(w.y), u.w, y);
      x = fmaf(low(w.z), v.x, x), y = fmaf(high(w.z), v.y, y);
      x = fmaf(low(w.w), v.z, x), y = fmaf(high(w.w), v.w, y);
      sum[t] += x + y;
    }
    c.release(m.ring);
  }
#pragma unroll
  for (int t = 0; t < TURNS; t++) {
    float y = sum[t];
#pragma unroll
    for (int d = ROW_THREADS / 2; d; d >>= 1) y += __shfl_xor_sync(~0u, y, d);
    const int row = first + team + t * AT_ONCE;
    if (part != 0 || team + t * AT_ONCE >= count) continue;
    if (a.bias) y += ((const float *)a.bias)[row];
    ((float *)a.output)[row] = __ldcg((const float *)a.residual + row) + y;
  }
}
