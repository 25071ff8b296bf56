// Rows of a matrix by the normed residual stream: a layer's projections, and the vocabulary head or
// what its sketch reads.

struct row_work {
  const char *weights;
  const uint16_t *norm, *norm_bias;
  const float *bias;
  const uint32_t *mask;  ///< of the head groups, which the first rows belong to; NULL: all rows
  int fixed;             ///< rows that no mask chooses, behind the others
  const char *apart;     ///< a predictor's rows in a format of their own, and how many
  int apart_rows;

  __device__ __forceinline__ row_work(const scu_step &a, const phase &p) {
    if (p.kind != SCU_PROJECT) {
      const bool is_head = p.kind == SCU_LOGITS;
      weights = (const char *)(is_head ? a.vocabulary : a.head_rows);
      norm = (const uint16_t *)a.norm, norm_bias = (const uint16_t *)a.norm_bias;
      bias = 0, mask = 0;
      fixed = is_head ? a.vocabulary_rows : HEAD_RANK, apart_rows = 0;
      return;
    }
    weights = (const char *)(p.base + a.layer.projections);
    apart = (const char *)(p.base + a.layer.predictor_inputs);
    norm = p.at<uint16_t>(a.layer.norm), norm_bias = p.at<uint16_t>(a.layer.norm_bias);
    bias = p.at(a.layer.projections_bias);
    mask = a.head_masks ? head_mask(a, p.layer) : 0;
    fixed = mask ? 0 : KEY_HEADS * HEAD_ROWS;
    apart_rows = is_sparse(a, p.layer) ? a.predictor_rows : 0;
    if (WEIGHT_BITS == PREDICTOR_BITS) fixed += apart_rows, apart_rows = 0;
  }

  /// The row that is the i-th of those that are read.
  template <typename List>
  __device__ __forceinline__ int row(const List &list, int i) const {
    if (!mask) return i;
    const int chosen = list.count * HEAD_ROWS;
    return i < chosen ? list.heads[i / HEAD_ROWS] * HEAD_ROWS + i % HEAD_ROWS
                      : KEY_HEADS * HEAD_ROWS + i - chosen;
  }

  template <typename List>
  __device__ __forceinline__ int count(const List &list) const {
    return fixed + (mask ? list.count * HEAD_ROWS : 0);
  }
};

/// Whether a layer's heads were predicted in the one before.
__device__ __forceinline__ bool predicts_heads(const scu_step &a, const phase &p) {
  return a.predictor_rows == 2 * RANK && p.layer > 0;
}

/// A block's share of `count` rows, the i-th of them at `row(i)`.
template <int BITS, typename Row>
__device__ __forceinline__ void stream_run(
  step_memory &m, producer &ring, const char *weights, int count, Row row) {
  const int lane = threadIdx.x & 31;
  const int first = share(count, blockIdx.x), last = share(count, blockIdx.x + 1);
#pragma unroll 1
  for (int i = first; i < last; i += SLOT_ROWS<BITS>) {
    const int pieces = min(SLOT_ROWS<BITS>, last - i);
    const int64_t own = row(i + min(lane, pieces - 1));
    ring.fill(m.ring, weights + own * ROW_BYTES<BITS>, pieces, ROW_BYTES<BITS>);
  }
}

__device__ __forceinline__ void stream_rows(
  const scu_step &a, step_memory &m, producer &ring, const phase &p) {
  const row_work work(a, p);
  if (p.kind == SCU_PROJECT)
    list_heads(m.ahead, work.mask, predicts_heads(a, p), date(a, p.index - 4));
  stream_run<WEIGHT_BITS>(
    m, ring, work.weights, work.count(m.ahead), [&](int i) { return work.row(m.ahead, i); });
  if constexpr (WEIGHT_BITS != PREDICTOR_BITS)
    stream_run<PREDICTOR_BITS>(m, ring, work.apart, work.apart_rows, [](int i) { return i; });
}

/// A logit and its token as one number that orders as logits do; equal ones by the lower token.
__device__ __forceinline__ uint64_t ranked(float logit, int token) {
  const uint32_t bits = __float_as_uint(logit);
  const uint32_t ordered = bits >> 31 ? ~bits : bits | 0x80000000u;
  return (uint64_t)ordered << 32 | ~(uint32_t)token;
}

/// Their dot products, the i-th left at `row(i)`; the best of them.
template <int BITS, typename Row>
__device__ __forceinline__ uint64_t multiply_run(
  const scu_step &a, step_memory &m, consumer &ring, const phase &p, const row_input<BITS> &input,
  const float *biases, int count, int &turn, Row row) {
  const int first = share(count, blockIdx.x), last = share(count, blockIdx.x + 1);
  uint64_t best = 0;
#pragma unroll 1
  for (int i = first; i < last; i += SUMS<BITS>, turn ^= 1) {
    const int size = min(SUMS<BITS>, last - i);
    const int own = row(i + min((int)threadIdx.x, size - 1));
    // From far away: asked for before it is needed.
    const float bias = biases && threadIdx.x < size ? biases[own] : 0;
    input.template dots<1, SUMS<BITS>>(m.ring, ring, size, m.sums[turn]);
    meet();
    if (threadIdx.x < size) {
      const float y = take_sum(m.sums[turn], threadIdx.x) + bias;
      if (p.kind == SCU_LOGITS)
        ((float *)a.logits)[own] = y;
      else
        leave(a.projected, own, y, date(a, p.index));
      best = max(best, ranked(y, own));
    }
  }
  return best;
}

__device__ __forceinline__ void multiply_rows(
  const scu_step &a, step_memory &m, consumer &ring, const phase &p) {
  const row_work work(a, p);
  const norm_weights norm(work.norm, work.norm_bias);
  // This mask was made in the layer before.
  if (p.kind == SCU_PROJECT && threadIdx.x < 32)
    list_heads(m.now, work.mask, predicts_heads(a, p), date(a, p.index - 4));
  float x[OWN];
  take_own(x, a.stream, date(a, p.index - 1));
  norm.apply(x, a.is_rms, a.epsilon, m.scratch);
  int turn = 0;
  {
    const row_input<WEIGHT_BITS> input(x, m);
    const uint64_t best = multiply_run(
      a, m, ring, p, input, work.bias, work.count(m.now), turn,
      [&](int i) { return work.row(m.now, i); });
    if (p.kind == SCU_LOGITS && threadIdx.x < SUMS<WEIGHT_BITS>)
      atomicMax((unsigned long long *)a.best, (unsigned long long)best);
  }
  if constexpr (WEIGHT_BITS != PREDICTOR_BITS)
    if (work.apart_rows) {
      const row_input<PREDICTOR_BITS> input(x, m);
      multiply_run(
        a, m, ring, p, input, work.bias, work.apart_rows, turn,
        [](int i) { return KEY_HEADS * HEAD_ROWS + i; });
    }
}
