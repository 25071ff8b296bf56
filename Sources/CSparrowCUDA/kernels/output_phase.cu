// Attention's output matrix in a decoding step of one row, head by head: a head's columns lie
// together, so that one that was skipped is not read.
//
// Constants: HEAD elements, HEADS, SPLITS parts of attention, CONSUMERS warps, PIECE bytes that a
// block has of a head at most, AT_ONCE heads a slot.

constexpr int THREADS = CONSUMERS * 32;
/// Threads of a row's part of a head, rows that all threads take at once, and such turns at most.
constexpr int ROW_THREADS = HEAD / 8, ROWS_AT_ONCE = THREADS / ROW_THREADS;
constexpr int TURNS = (PIECE / (HEAD * 2) + ROWS_AT_ONCE - 1) / ROWS_AT_ONCE;
static_assert(SLOT_BYTES == AT_ONCE * PIECE, "pieces fill a slot");

struct output_memory {
  ring_memory ring;
  float attended[HEADS][HEAD];
  /// Heads that are touched, ascending, and their number.
  int heads[HEADS], count;
};

extern __shared__ __align__(128) char dynamic_memory[];

__device__ __forceinline__ void meet() { asm volatile("bar.sync 1, %0;" ::"n"(THREADS) : "memory"); }

/// Two elements of a head's result, of the parts that attention left, in their order.
__device__ __forceinline__ float2 joined(const float *parts, int head, int i) {
  const float *own = parts + (uint64_t)head * SPLITS * (HEAD + 2);
  float2 state[SPLITS], y[SPLITS], sum = make_float2(0, 0);
  float best = -INFINITY, all = 0;
#pragma unroll
  for (int s = 0; s < SPLITS; s++) {
    state[s] = __ldcg((const float2 *)(own + s * (HEAD + 2)));
    y[s] = __ldcg((const float2 *)(own + s * (HEAD + 2) + 2 + i));
  }
#pragma unroll
  for (int s = 0; s < SPLITS; s++) best = fmaxf(best, state[s].x);
#pragma unroll
  for (int s = 0; s < SPLITS; s++) {
    const float scale = __expf(state[s].x - best);
    all = fmaf(state[s].y, scale, all);
    sum.x = fmaf(y[s].x, scale, sum.x), sum.y = fmaf(y[s].y, scale, sum.y);
  }
  return make_float2(sum.x / all, sum.y / all);
}

/// By one warp: the heads that the mask's groups hold.
__device__ __forceinline__ void list_heads(output_memory &m, const scu_output_phase &a) {
  const int lane = threadIdx.x & 31;
  int count = 0;
  for (int base = 0; base < a.heads; base += 32) {
    const int head = base + lane, group = min(head, a.heads - 1) / a.group_heads;
    const bool is_touched = head < a.heads
      && (!a.mask || (__ldcg((const uint32_t *)a.mask + group / 32) >> group % 32 & 1));
    const uint32_t touched = __ballot_sync(~0u, is_touched);
    if (is_touched) m.heads[count + __popc(touched & ((1u << lane) - 1))] = head;
    count += __popc(touched);
  }
  if (lane == 0) m.count = count;
  __syncwarp();
}

extern "C" __global__ void __launch_bounds__(THREADS + 32, RESIDENT) output_phase(
  const __grid_constant__ scu_output_phase a) {
  output_memory &m = *(output_memory *)dynamic_memory;
  open_ring(m.ring);
  const int first = (int)((long long)a.rows * blockIdx.x / gridDim.x);
  const int rows = (int)((long long)a.rows * (blockIdx.x + 1) / gridDim.x) - first;
  if (threadIdx.x >= THREADS) {
    const int lane = threadIdx.x & 31;
    producer p(a.lag);
    if (a.mask) follow();
    list_heads(m, a);
    asm volatile("bar.arrive 2, %0;" ::"n"(THREADS + 32) : "memory");
    for (int h = 0; h < m.count; h += AT_ONCE) {
      const int pieces = min(AT_ONCE, m.count - h), head = m.heads[h + min(lane, pieces - 1)];
      p.fill(
        m.ring, (const uint16_t *)a.weights + ((uint64_t)head * a.rows + first) * HEAD, pieces,
        rows * HEAD * 2);
    }
    if (!a.mask) follow();
    return;
  }
  follow();
  asm volatile("bar.sync 2, %0;" ::"n"(THREADS + 32) : "memory");
  // Many loads at once: each is a way to the second cache and back.
#pragma unroll 4
  for (int i = threadIdx.x; i < m.count * (HEAD / 2); i += THREADS) {
    const int head = m.heads[i / (HEAD / 2)], at = i % (HEAD / 2) * 2;
    *(float2 *)(m.attended[head] + at) = joined((const float *)a.parts, head, at);
  }
  meet();
  consumer c;
  const int team = threadIdx.x / ROW_THREADS, part = threadIdx.x % ROW_THREADS * 8;
  float sum[TURNS] = {};
#pragma unroll 1
  for (int h = 0; h < m.count; h += AT_ONCE) {
    const char *slot = c.wait(m.ring);
#pragma unroll
    for (int i = 0; i < AT_ONCE; i++) {
      if (h + i >= m.count) continue;
      const float *x = m.attended[m.heads[h + i]] + part;
      const float4 u = *(const float4 *)x, v = *(const float4 *)(x + 4);
#pragma unroll
      for (int t = 0; t < TURNS; t++) {
        const int row = i * rows + min(team + t * ROWS_AT_ONCE, rows - 1);
        const uint4 w = *(const uint4 *)(slot + (row * HEAD + part) * 2);
        float y = 0, z = 0;
        y = fmaf(low(w.x), u.x, y), z = fmaf(high(w.x), u.y, z);
        y = fmaf(low(w.y), u.z, y), z = fmaf(high(w.y), u.w, z);
        y = fmaf(low(w.z), v.x, y), z = fmaf(high(w.z), v.y, z);
        y = fmaf(low(w.w), v.z, y), z = fmaf(high(w.w), v.w, z);
        sum[t] += y + z;
      }
    }
    c.release(m.ring);
  }
#pragma unroll
  for (int t = 0; t < TURNS; t++) {
    float y = sum[t];
#pragma unroll
    for (int d = ROW_THREADS / 2; d; d >>= 1) y += __shfl_xor_sync(~0u, y, d);
    const int row = first + team + t * ROWS_AT_ONCE;
    if (part != 0 || team + t * ROWS_AT_ONCE >= rows) continue;
    if (a.bias) y += ((const float *)a.bias)[row];
    ((float *)a.output)[row] = __ldcg((const float *)a.residual + row) + y;
  }
}
