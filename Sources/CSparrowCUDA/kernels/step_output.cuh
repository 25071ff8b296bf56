// Attention's output matrix, head by head: a head's columns lie together, so that one that was
// skipped is not read.

/// Threads of a row's part of a head, rows that all threads take at once; rows of a block, bytes of
/// a head of them, and heads a slot, at most.
constexpr int ROW_THREADS = HEAD / 8, ROWS_AT_ONCE = THREADS / ROW_THREADS;
constexpr int OUTPUT_ROWS = (WIDTH + BLOCKS - 1) / BLOCKS, PIECE = OUTPUT_ROWS * HEAD * 2;
constexpr int HEADS_AT_ONCE = SLOT_BYTES / PIECE < 8 ? SLOT_BYTES / PIECE : 8;
constexpr int TURNS = (OUTPUT_ROWS + ROWS_AT_ONCE - 1) / ROWS_AT_ONCE;
static_assert(HEADS_AT_ONCE > 0, "a head's piece fits a slot");

/// The query head that is the i-th of those that are touched.
template <typename List>
__device__ __forceinline__ int listed_head(const List &list, int i) {
  return list.heads[i / GROUP] * GROUP + i % GROUP;
}

__device__ __forceinline__ void stream_output(
  const scu_step &a, step_memory &m, producer &ring, const phase &p) {
  const int first = share(WIDTH, blockIdx.x), rows = share(WIDTH, blockIdx.x + 1) - first;
  const int count = m.ahead.count * GROUP;
#pragma unroll 1
  for (int i = 0; i < count; i += HEADS_AT_ONCE) {
    const int pieces = min(HEADS_AT_ONCE, count - i), lane = threadIdx.x & 31;
    const int head = listed_head(m.ahead, i + min(lane, pieces - 1));
    ring.fill(
      m.ring, p.at<uint16_t>(a.layer.output) + ((uint64_t)head * WIDTH + first) * HEAD, pieces,
      rows * HEAD * 2);
  }
}

/// Four elements of a head's result, of the parts that attention left, in their order.
__device__ __forceinline__ float4 joined(const float *parts, int head, int i) {
  const float *own = parts + (uint64_t)head * SPLITS * (HEAD + 4);
  float2 state[SPLITS];
  float4 y[SPLITS], sum = make_float4(0, 0, 0, 0);
  float best = -INFINITY, all = 0;
#pragma unroll
  for (int s = 0; s < SPLITS; s++) {
    state[s] = __ldcg((const float2 *)(own + s * (HEAD + 4)));
    y[s] = __ldcg((const float4 *)(own + s * (HEAD + 4) + 4 + i));
  }
#pragma unroll
  for (int s = 0; s < SPLITS; s++) best = fmaxf(best, state[s].x);
#pragma unroll
  for (int s = 0; s < SPLITS; s++) {
    const float scale = __expf(state[s].x - best);
    all = fmaf(state[s].y, scale, all);
    sum.x = fmaf(y[s].x, scale, sum.x), sum.y = fmaf(y[s].y, scale, sum.y);
    sum.z = fmaf(y[s].z, scale, sum.z), sum.w = fmaf(y[s].w, scale, sum.w);
  }
  return make_float4(sum.x / all, sum.y / all, sum.z / all, sum.w / all);
}

__device__ __forceinline__ void multiply_output(
  const scu_step &a, step_memory &m, consumer &ring, const phase &p) {
  const int first = share(WIDTH, blockIdx.x), rows = share(WIDTH, blockIdx.x + 1) - first;
  const int team = threadIdx.x / ROW_THREADS, part = threadIdx.x % ROW_THREADS * 8;
  const float *bias = p.at(a.layer.output_bias);
  float own_bias[TURNS], sum[TURNS] = {};
#pragma unroll
  for (int t = 0; t < TURNS; t++)
    own_bias[t] = bias ? bias[first + min(team + t * ROWS_AT_ONCE, rows - 1)] : 0;
  begin(a, p);
  float residual[TURNS];
  take(residual, a.stream, first + team, ROWS_AT_ONCE, first + rows, date(a, p.index - 3));
  const int count = m.now.count * GROUP;
  // Many loads at once: each is a way to the second cache and back.
#pragma unroll 4
  for (int i = threadIdx.x; i < count * (HEAD / 4); i += THREADS) {
    const int at = i % (HEAD / 4) * 4;
    *(float4 *)(m.attended[i / (HEAD / 4)] + at) =
      joined((const float *)a.parts, listed_head(m.now, i / (HEAD / 4)), at);
  }
  meet();
#pragma unroll 1
  for (int i = 0; i < count; i += HEADS_AT_ONCE) {
    const char *slot = ring.wait(m.ring);
#pragma unroll
    for (int h = 0; h < HEADS_AT_ONCE; h++) {
      if (i + h >= count) continue;
      float x[8];
      *(float4 *)x = *(const float4 *)(m.attended[i + h] + part);
      *(float4 *)(x + 4) = *(const float4 *)(m.attended[i + h] + part + 4);
#pragma unroll
      for (int t = 0; t < TURNS; t++) {
        // Beyond the last row: the last one again, which nobody takes.
        const int row = h * rows + min(team + t * ROWS_AT_ONCE, rows - 1);
        float y = 0, z = 0;
        dot_vector(y, z, *(const uint4 *)(slot + (row * HEAD + part) * 2), x);
        sum[t] += y + z;
      }
    }
    ring.release(m.ring);
  }
#pragma unroll
  for (int t = 0; t < TURNS; t++) {
    float y = sum[t];
#pragma unroll
    for (int d = ROW_THREADS / 2; d; d >>= 1) y += __shfl_xor_sync(~0u, y, d);
    const int row = team + t * ROWS_AT_ONCE;
    if (part == 0 && row < rows)
      leave(a.middle, first + row, residual[t] + (y + own_bias[t]), date(a, p.index));
  }
}
