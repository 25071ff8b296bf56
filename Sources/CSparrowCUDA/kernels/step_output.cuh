// Attention's output matrix, head by head: a head's columns lie together, so that one that was
// skipped is not read.

/// Bytes of a head of a block's rows, and heads a slot, at most.
constexpr int HEAD_BYTES = scu_step_row_bytes(WEIGHT_BITS, HEAD), PIECE = OUTPUT_ROWS * HEAD_BYTES;
constexpr int HEADS_AT_ONCE = SLOT_BYTES / PIECE < 8 ? SLOT_BYTES / PIECE : 8;
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
      m.ring, p.at<char>(a.layer.output) + ((uint64_t)head * WIDTH + first) * HEAD_BYTES, pieces,
      rows * HEAD_BYTES);
  }
}

/// What attention's parts have of four elements of a head.
struct head_parts {
  float2 state[SPLITS];
  float4 y[SPLITS];

  __device__ __forceinline__ void load(const float *parts, int head, int i) {
    const float *own = parts + (uint64_t)head * SPLITS * (HEAD + 4);
#pragma unroll
    for (int s = 0; s < SPLITS; s++) {
      state[s] = __ldcg((const float2 *)(own + s * (HEAD + 4)));
      y[s] = __ldcg((const float4 *)(own + s * (HEAD + 4) + 4 + i));
    }
  }

  /// The head's result, of its parts in their order.
  __device__ __forceinline__ float4 joined() const {
    float best = -INFINITY, all = 0;
    float4 sum = make_float4(0, 0, 0, 0);
#pragma unroll
    for (int s = 0; s < SPLITS; s++) best = fmaxf(best, state[s].x);
#pragma unroll
    for (int s = 0; s < SPLITS; s++) {
      const float scale = __expf(state[s].x - best);
      all = fmaf(state[s].y, scale, all);
      sum.x = fmaf(y[s].x, scale, sum.x), sum.y = fmaf(y[s].y, scale, sum.y);
      sum.z = fmaf(y[s].z, scale, sum.z), sum.w = fmaf(y[s].w, scale, sum.w);
    }
    const float inverse = __fdividef(1, all);
    return make_float4(sum.x * inverse, sum.y * inverse, sum.z * inverse, sum.w * inverse);
  }
};

/// By all consumers: the results of the heads that are touched.
__device__ __forceinline__ void join_heads(const scu_step &a, step_memory &m, int heads) {
  // Many loads at once: each is a way to the second cache and back.
  constexpr int LANES_OF = HEAD / 4, ALL = (HEADS * LANES_OF + THREADS - 1) / THREADS;
  constexpr int AT_ONCE = ALL * SPLITS <= 8 ? ALL : 8 / SPLITS;
#pragma unroll 1
  for (int begin = threadIdx.x; begin < heads * LANES_OF; begin += AT_ONCE * THREADS) {
    head_parts parts[AT_ONCE];
#pragma unroll
    for (int n = 0; n < AT_ONCE; n++) {
      const int i = min(begin + n * THREADS, heads * LANES_OF - 1);
      parts[n].load(
        (const float *)a.parts, listed_head(m.now, i / LANES_OF), i % LANES_OF * 4);
    }
#pragma unroll
    for (int n = 0; n < AT_ONCE; n++) {
      const int i = begin + n * THREADS;
      if (i < heads * LANES_OF)
        output_sums<WEIGHT_BITS>::keep(m, i / LANES_OF, i % LANES_OF * 4, parts[n].joined());
    }
  }
}

__device__ __forceinline__ void multiply_output(
  const scu_step &a, step_memory &m, consumer &ring, const phase &p) {
  const int first = share(WIDTH, blockIdx.x), rows = share(WIDTH, blockIdx.x + 1) - first;
  const int own = min((int)threadIdx.x, rows - 1);
  const float *bias = p.at(a.layer.output_bias);
  const float own_bias = bias ? bias[first + own] : 0;
  begin(a, p);
  // From long ago: asked for now, and looked at in the end.
  const uint64_t residual = ask(a.stream, first + own);
  const int count = m.now.count * GROUP;
  join_heads(a, m, count);
  meet();
  output_sums<WEIGHT_BITS> sums;
#pragma unroll 1
  for (int i = 0; i < count; i += HEADS_AT_ONCE) {
    const char *slot = ring.wait(m.ring);
#pragma unroll
    for (int h = 0; h < HEADS_AT_ONCE; h++)
      // Beyond the last head: the last one again, times zero.
      sums.add(
        m, min(i + h, count - 1), slot + min(h, count - 1 - i) * rows * HEAD_BYTES, rows,
        i + h < count ? 1 : 0);
    ring.release(m.ring);
  }
  sums.leave(m, rows);
  const float before = take(residual, a.stream, first + own, date(a, p.index - 3));
  meet();
  if (threadIdx.x < rows)
    leave(
      a.middle, first + own, before + (m.output[0][own] + m.output[1][own] + own_bias),
      date(a, p.index));
}
