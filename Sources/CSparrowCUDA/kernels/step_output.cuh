// Attention's output matrix, head by head: a head's columns lie together, so that one that was
// skipped is not read.

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
      m.ring, p.at<char>(a.layer.output) + ((uint64_t)head * WIDTH + first) * HEAD_BYTES, pieces,
      rows * HEAD_BYTES);
  }
}

/// By all consumers: the results of the heads that are touched.
__device__ __forceinline__ void take_attended(
  const scu_step &a, step_memory &m, int heads, uint32_t date) {
  // Many loads at once: each is a way to the second cache and back.
  constexpr int LANES_OF = HEAD / 4, ALL = (HEADS * LANES_OF + THREADS - 1) / THREADS;
  constexpr int AT_ONCE = ALL < 4 ? ALL : 4;
#pragma unroll 1
  for (int begin = threadIdx.x; begin < heads * LANES_OF; begin += AT_ONCE * THREADS) {
    float x[4 * AT_ONCE];
    take_pairs(x, a.attended, date, [&](int n) {
      const int i = min(begin + n / 4 * THREADS, heads * LANES_OF - 1);
      return listed_head(m.now, i / LANES_OF) * HEAD + i % LANES_OF * 4 + n % 4;
    });
#pragma unroll
    for (int n = 0; n < AT_ONCE; n++) {
      const int i = begin + n * THREADS;
      if (i < heads * LANES_OF)
        output_sums<WEIGHT_BITS>::keep(
          m, i / LANES_OF, i % LANES_OF * 4,
          make_float4(x[4 * n], x[4 * n + 1], x[4 * n + 2], x[4 * n + 3]));
    }
  }
}

__device__ __forceinline__ void multiply_output(
  const scu_step &a, step_memory &m, consumer &ring, const phase &p) {
  const int first = share(WIDTH, blockIdx.x), rows = share(WIDTH, blockIdx.x + 1) - first;
  const int own = min((int)threadIdx.x, rows - 1);
  const float *bias = p.at(a.layer.output_bias);
  const float own_bias = bias ? bias[first + own] : 0;
  // From long ago: asked for now, and looked at in the end.
  const uint64_t residual = ask(a.stream, first + own);
  const int count = m.now.count * GROUP;
  take_attended(a, m, count, date(a, p.index - 1));
  meet();
  output_sums<WEIGHT_BITS> sums;
  sums.add(m, ring, count, rows);
  sums.leave(m, rows);
  const float before = take(residual, a.stream, first + own, date(a, p.index - 3));
  meet();
  if (threadIdx.x < rows)
    leave(a.middle, first + own, before + (sums.of(m, own) + own_bias), date(a, p.index));
}
