// Rough scores from weights of four bits, by whole numbers: which neurons of a network are worth
// computing, and which tokens.

/// Blocks of 32 weights of a row that a lane has, and the bytes of eight rows: their numbers, then
/// a half's scale for each block.
constexpr int SKETCH_VECTORS = WIDTH / 1024;
constexpr int SKETCH_BYTES = UNIT * (WIDTH / 2 + WIDTH / 16);

/// 32 weights times 32 numbers. A byte's low half is weight i, its high half weight i + 16.
__device__ __forceinline__ int dot_quarters(uint4 w, const int (&x)[8]) {
  const uint32_t words[4] = {w.x, w.y, w.z, w.w};
  int sum = 0;
#pragma unroll
  for (int i = 0; i < 4; i++) {
    sum = __dp4a((int)(words[i] & 0x0f0f0f0f), x[i], sum);
    sum = __dp4a((int)(words[i] >> 4 & 0x0f0f0f0f), x[i + 4], sum);
  }
  return sum;
}

/// 32 numbers as bytes, their scale, and eight times their sum: weights count from eight on.
struct quantised {
  int x[8], eight_sums;
  float scale;

  __device__ __forceinline__ quantised(const sketch_input &from, int block) {
    const int4 *bytes = (const int4 *)(from.numbers + block * 32);
    *(int4 *)x = bytes[0], *(int4 *)(x + 4) = bytes[1];
    scale = from.scales[block];
    eight_sums = 0;
#pragma unroll
    for (int i = 0; i < 8; i++) eight_sums = __dp4a(x[i], 0x08080808, eight_sums);
  }

  __device__ __forceinline__ float dot(uint4 weights) const {
    return (float)(dot_quarters(weights, x) - eight_sums) * scale;
  }
};

/// By four neighbouring lanes that have a block of 32: eight numbers of each lane.
__device__ __forceinline__ void quantise(sketch_input &to, const float *x, int column) {
  float most = 0;
#pragma unroll
  for (int i = 0; i < 8; i++) most = fmaxf(most, fabsf(x[i]));
  most = fmaxf(most, __shfl_xor_sync(~0u, most, 1));
  most = fmaxf(most, __shfl_xor_sync(~0u, most, 2));
  const float inverse = most > 0 ? 127 / most : 0;
#pragma unroll
  for (int i = 0; i < 8; i++) to.numbers[column + i] = (int8_t)__float2int_rn(x[i] * inverse);
  if (column % 32 == 0) to.scales[column / 32] = most / 127;
}

__device__ __forceinline__ void stream_sketch(
  const scu_step &a, step_memory &m, producer &ring, const phase &p) {
  const int units = a.neurons / UNIT;
#pragma unroll 1
  for (int u = share(units, blockIdx.x); u < share(units, blockIdx.x + 1); u++)
    ring.fill(
      m.ring, p.at<char>(a.layer.sketch) + (uint64_t)u * SKETCH_BYTES, 1, SKETCH_BYTES);
}

/// The neurons of a block that are worth computing, by the sketch of what is multiplied first: each
/// block takes those of its own rows, so that no list has to go round. The mask is for who asks
/// later.
__device__ __forceinline__ void choose_neurons(
  const scu_step &a, step_memory &m, consumer &ring, const float (&x)[OWN], const phase &p) {
#pragma unroll
  for (int v = 0; v < VECTORS; v++) quantise(m.sketch, x + v * 8, column(v));
  meet();
  const int warp = threadIdx.x >> 5, lane = threadIdx.x & 31;
  const int units = a.neurons / UNIT;
  const int first = share(units, blockIdx.x), last = share(units, blockIdx.x + 1);
#pragma unroll 1
  for (int u = first; u < last; u++) {
    const char *slot = ring.wait(m.ring);
    if (warp < UNIT) {
      float score = 0;
#pragma unroll
      for (int v = 0; v < SKETCH_VECTORS; v++) {
        const int block = v * 32 + lane;
        const uint16_t *scales = (const uint16_t *)(slot + UNIT * WIDTH / 2) + warp * (WIDTH / 32);
        const quantised q(m.sketch, block);
        score += q.dot(*(const uint4 *)(slot + warp * (WIDTH / 2) + block * 16))
          * from_half(scales[block]);
      }
      score = warp_sum(score);
      const int row = u * UNIT + warp;
      if (lane == 0)
        m.touched[(u - first) * UNIT + warp] =
          is_selected(a, score, a.planted_neurons, p.layer, row);
    }
    ring.release(m.ring);
  }
  meet();
  if (warp == 0) {
    int count = 0;
    for (int base = 0; base < (last - first) * UNIT; base += 32) {
      const bool is_touched = base + lane < (last - first) * UNIT && m.touched[base + lane];
      const uint32_t touched = __ballot_sync(~0u, is_touched);
      if (is_touched)
        m.groups[count + __popc(touched & ((1u << lane) - 1))] = first * UNIT + base + lane;
      count += __popc(touched);
    }
    if (lane == 0) m.first = m.first_group = 0, m.last = count;
    __syncwarp();
    if (lane == 0) arrive(&m.chosen);
  }
  meet();
  for (int u = first + threadIdx.x; u < last; u += THREADS)
    leave_bits(neuron_mask(a, p.layer), u, touched_bits(m, u - first), date(a, p.index));
}

// MARK: - The vocabulary head

/// Rows of a unit, of HEAD_RANK numbers each; then a half's scale for each row.
constexpr int TOKENS = 32, TOKEN_BYTES = HEAD_RANK / 2, TOKENS_BYTES = TOKENS * (TOKEN_BYTES + 2);
constexpr int TOKEN_LANES = HEAD_RANK / 32, TOKENS_AT_ONCE = THREADS / TOKEN_LANES;
/// Tokens of a block that are computed exactly.
constexpr int CANDIDATES = BATCH;

__device__ __forceinline__ void stream_tokens(
  const scu_step &a, step_memory &m, producer &ring, const phase &p) {
  const int units = a.vocabulary_rows / TOKENS;
#pragma unroll 1
  for (int u = share(units, blockIdx.x); u < share(units, blockIdx.x + 1); u++)
    ring.fill(m.ring, (const char *)a.head_sketch + (uint64_t)u * TOKENS_BYTES, 1, TOKENS_BYTES);
}

/// Rough scores of a block's tokens, and the exact logits of the best of them.
__device__ __forceinline__ void sketch_tokens(
  const scu_step &a, step_memory &m, consumer &ring, const phase &p) {
  const norm_weights norm((const uint16_t *)a.norm, (const uint16_t *)a.norm_bias);
  if (threadIdx.x < HEAD_RANK / 8) {
    float y[8];
    take(y, a.projected, threadIdx.x * 8, 1, HEAD_RANK, date(a, p.index - 1));
    quantise(m.sketch, y, threadIdx.x * 8);
  }
  float x[OWN];
  take_own(x, a.stream, date(a, p.index - 2));
  norm.apply(x, a.is_rms, a.epsilon, m.scratch);
  const int units = a.vocabulary_rows / TOKENS;
  const int first = share(units, blockIdx.x), last = share(units, blockIdx.x + 1);
  const int own = threadIdx.x / TOKEN_LANES, block = threadIdx.x % TOKEN_LANES;
  meet();
  if (first == last) return;
  const quantised q(m.sketch, block);
#pragma unroll 1
  for (int u = first; u < last; u++) {
    const char *slot = ring.wait(m.ring);
#pragma unroll
    for (int t = own; t < TOKENS; t += TOKENS_AT_ONCE) {
      float score = q.dot(*(const uint4 *)(slot + t * TOKEN_BYTES + block * 16));
#pragma unroll
      for (int d = TOKEN_LANES / 2; d; d >>= 1) score += __shfl_xor_sync(~0u, score, d);
      if (block == 0)
        m.scores[(u - first) * TOKENS + t] =
          score * from_half(((const uint16_t *)(slot + TOKENS * TOKEN_BYTES))[t]);
    }
    ring.release(m.ring);
  }
  meet();
  // The best of what is left, CANDIDATES times.
  int chosen[CANDIDATES];
#pragma unroll
  for (int c = 0; c < CANDIDATES; c++) {
    uint64_t best = 0;
    for (int i = threadIdx.x; i < (last - first) * TOKENS; i += THREADS)
      best = max(best, ranked(m.scores[i], i));
    for (int d = 16; d; d >>= 1) best = max(best, __shfl_xor_sync(~0u, best, d));
    if ((threadIdx.x & 31) == 0) m.best[c & 1][threadIdx.x >> 5] = best;
    meet();
#pragma unroll
    for (int w = 0; w < CONSUMERS; w++) best = max(best, m.best[c & 1][w]);
    chosen[c] = (int)~(uint32_t)best;
    if (threadIdx.x == chosen[c] % THREADS) m.scores[chosen[c]] = -INFINITY;
  }
  float dots[BATCH];
#pragma unroll
  for (int c = 0; c < CANDIDATES; c++) {
    const char *row =
      (const char *)a.vocabulary + (uint64_t)(first * TOKENS + chosen[c]) * ROW_BYTES<WEIGHT_BITS>;
    float y = 0, z = 0;
#pragma unroll
    for (int v = 0; v < VECTORS; v++)
      dot_vector(y, z, load_once(row + column(v) * 2), x + v * 8);
    dots[c] = y + z;
  }
  leave_sums(dots, m.sums[0]);
  meet();
  uint64_t best = 0;
#pragma unroll
  for (int c = 0; c < CANDIDATES; c++)
    if (threadIdx.x == c) {
      const int token = first * TOKENS + chosen[c];
      const float logit = take_sum(m.sums[0], c);
      ((float *)a.logits)[token] = logit;
      best = ranked(logit, token);
    }
  if (threadIdx.x < CANDIDATES)
    atomicMax((unsigned long long *)a.best, (unsigned long long)best);
}
