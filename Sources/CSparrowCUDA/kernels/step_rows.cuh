// Rows of a matrix by the normed residual stream: a layer's projections, and the vocabulary head or
// what its sketch reads.

struct row_work {
  const char *weights;
  const uint16_t *norm, *norm_bias;
  const float *bias;
  const uint32_t *mask;  ///< of the head groups, which the first rows belong to; NULL: all rows
  int fixed;             ///< rows that no mask chooses, behind the others

  __device__ __forceinline__ row_work(const scu_step &a, const phase &p) {
    if (p.kind != SCU_PROJECT) {
      const bool is_head = p.kind == SCU_LOGITS;
      weights = (const char *)(is_head ? a.vocabulary : a.head_rows);
      norm = (const uint16_t *)a.norm, norm_bias = (const uint16_t *)a.norm_bias;
      bias = 0, mask = 0;
      fixed = is_head ? a.vocabulary_rows : HEAD_RANK;
      return;
    }
    weights = (const char *)(p.base + a.layer.projections);
    norm = p.at<uint16_t>(a.layer.norm), norm_bias = p.at<uint16_t>(a.layer.norm_bias);
    bias = p.at(a.layer.projections_bias);
    mask = a.head_masks ? head_mask(a, p.layer) : 0;
    fixed = (mask ? 0 : KEY_HEADS * HEAD_ROWS) + (is_sparse(a, p.layer) ? a.predictor_rows : 0);
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

__device__ __forceinline__ void stream_rows(
  const scu_step &a, step_memory &m, producer &ring, const phase &p) {
  const row_work work(a, p);
  if (p.kind == SCU_PROJECT) list_heads(m.ahead, work.mask);
  const int lane = threadIdx.x & 31, count = work.count(m.ahead);
  const int first = share(count, blockIdx.x), last = share(count, blockIdx.x + 1);
#pragma unroll 1
  for (int i = first; i < last; i += SLOT_ROWS) {
    const int pieces = min(SLOT_ROWS, last - i);
    const int64_t row = work.row(m.ahead, i + min(lane, pieces - 1));
    ring.fill(m.ring, work.weights + row * ROW_BYTES, pieces, ROW_BYTES);
  }
}

/// A logit and its token as one number that orders as logits do; equal ones by the lower token.
__device__ __forceinline__ uint64_t ranked(float logit, int token) {
  const uint32_t bits = __float_as_uint(logit);
  const uint32_t ordered = bits >> 31 ? ~bits : bits | 0x80000000u;
  return (uint64_t)ordered << 32 | ~(uint32_t)token;
}

__device__ __forceinline__ void multiply_rows(
  const scu_step &a, step_memory &m, consumer &ring, const phase &p) {
  const row_work work(a, p);
  const norm_weights norm(work.norm, work.norm_bias);
  // This mask was made in the layer before.
  if (p.kind == SCU_PROJECT && threadIdx.x < 32) list_heads(m.now, work.mask);
  begin(a, p);
  float x[OWN];
  take_own(x, a.stream, date(a, p.index - 1));
  norm.apply(x, a.is_rms, a.epsilon, m.scratch);
  const row_input<WEIGHT_BITS> input(x, m);
  const int count = work.count(m.now);
  const int first = share(count, blockIdx.x), last = share(count, blockIdx.x + 1);
  uint64_t best = 0;
  int turn = 0;
#pragma unroll 1
  for (int i = first; i < last; i += SUMS, turn ^= 1) {
    const int size = min(SUMS, last - i);
    const int row = work.row(m.now, i + min((int)threadIdx.x, size - 1));
    // From far away: asked for before it is needed.
    const float bias = work.bias && threadIdx.x < size ? work.bias[row] : 0;
    input.dots<1, SUMS>(m.ring, ring, size, m.sums[turn]);
    meet();
    if (threadIdx.x < size) {
      const float y = take_sum(m.sums[turn], threadIdx.x) + bias;
      if (p.kind == SCU_LOGITS)
        ((float *)a.logits)[row] = y;
      else
        leave(a.projected, row, y, date(a, p.index));
      best = max(best, ranked(y, row));
    }
  }
  if (p.kind == SCU_LOGITS && threadIdx.x < SUMS)
    atomicMax((unsigned long long *)a.best, (unsigned long long)best);
}
