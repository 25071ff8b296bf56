// What will be touched: a predictor's second matrix by what its first has left, a warp a row, and
// the mask of the rows that are selected. A router's scores are there already.
//
// Constant: ROUTES, whether the predictor is a router.

/// Rows that the warps take together, and that a slot holds.
constexpr int UNIT = 8, UNIT_BYTES = UNIT * scu_step_row_bytes(PREDICTOR_BITS, RANK);
constexpr int SLOT_UNITS = SLOT_BYTES / UNIT_BYTES;
static_assert(SLOT_UNITS > 0 && RANK % 256 == 0, "rows of a predictor fill a slot");

/// A block's units of the network's rows, then of the head groups'.
struct prediction {
  int neuron_units, first, last;

  __device__ __forceinline__ prediction(
    const scu_step &a, const phase &p, int jobs, int position) {
    first = last = neuron_units = 0;
    if (ROUTES || a.predictor_rows == 0 || !is_sparse(a, p.layer)) return;
    neuron_units = a.neurons / a.group / UNIT;
    const int units =
      neuron_units + (a.predictor_rows == 2 * RANK ? (KEY_HEADS + UNIT - 1) / UNIT : 0);
    // A block that attends has so much less to do: its keys, and the time around them.
    const int attended = position / SPLITS * HEAD * 4 + (32 << 10);
    const int busy = min(jobs, BLOCKS), idle = BLOCKS - busy;
    const int less = idle ? min(attended / UNIT_BYTES, units / idle) : 0;
    const int all = units + busy * less;
    first = share(all, blockIdx.x) - less * min((int)blockIdx.x, busy);
    last = share(all, blockIdx.x + 1) - less * min((int)blockIdx.x + 1, busy);
  }
};

/// A unit's byte of a mask.
__device__ __forceinline__ uint8_t touched_bits(const step_memory &m, int unit) {
  uint32_t bits = 0;
#pragma unroll
  for (int i = 0; i < UNIT; i++) bits |= m.touched[unit * UNIT + i] << i;
  return (uint8_t)bits;
}

__device__ __forceinline__ void stream_prediction(
  const scu_step &a, step_memory &m, producer &ring, const scu_row &row, const phase &p) {
  const prediction work(a, p, m.ahead.count * SPLITS, row.position);
#pragma unroll 1
  for (int u = work.first; u < work.last; u += SLOT_UNITS)
    ring.fill(
      m.ring, p.at<char>(a.layer.predictors) + (uint64_t)u * UNIT_BYTES, 1,
      min(SLOT_UNITS, work.last - u) * UNIT_BYTES);
}

/// By one block: the mask of a router's scores.
__device__ __forceinline__ void route(const scu_step &a, const phase &p) {
  const int groups = a.neurons / a.group;
  for (int i = threadIdx.x; i < (groups + 31) / 32 * 32; i += THREADS) {
    float score[1];
    take(
      score, a.projected, KEY_HEADS * HEAD_ROWS + min(i, groups - 1), 0,
      KEY_HEADS * HEAD_ROWS + groups, date(a, p.index - 1));
    const bool is_touched = i < groups && is_selected(a, score[0], a.planted_neurons, p.layer, i);
    const uint32_t word = __ballot_sync(~0u, is_touched);
    if ((threadIdx.x & 31) < 4)
      leave_bits(
        neuron_mask(a, p.layer), i / 32 * 4 + (threadIdx.x & 31),
        word >> (threadIdx.x & 31) * 8 & 0xff, date(a, p.index));
  }
}

__device__ __forceinline__ void predict(
  const scu_step &a, step_memory &m, consumer &ring, const scu_row &row, const phase &p) {
  if (ROUTES) {
    if (a.predictor_rows && is_sparse(a, p.layer) && blockIdx.x == BLOCKS - 1) route(a, p);
    return;
  }
  const prediction work(a, p, m.now.count * SPLITS, row.position);
  if (work.first == work.last) return;
  // Once a block: all blocks read the same few lines of the second cache.
  float input[(2 * RANK + THREADS - 1) / THREADS];
  take(
    input, a.projected, KEY_HEADS * HEAD_ROWS + threadIdx.x, THREADS,
    KEY_HEADS * HEAD_ROWS + a.predictor_rows, date(a, p.index - 1));
#pragma unroll
  for (int n = 0; n < (2 * RANK + THREADS - 1) / THREADS; n++) input[n] = fmaxf(input[n], 0);
  scorer<PREDICTOR_BITS> scores(m, input, a.predictor_rows);
  int loaded = -1;
#pragma unroll 1
  for (int u = work.first; u < work.last; u += SLOT_UNITS) {
    const char *slot = ring.wait(m.ring);
#pragma unroll 1
    for (int i = 0; i < min(SLOT_UNITS, work.last - u); i++) {
      const int own = u + i - work.first;
      if (!scores.has(own)) continue;
      const int of_heads = u + i >= work.neuron_units;
      if (loaded != of_heads) scores.load(m, loaded = of_heads);
      const float score = scores.score(slot + i * UNIT_BYTES);
      if (scores.row() < 0) continue;
      const int row = (of_heads ? u + i - work.neuron_units : u + i) * UNIT + scores.row();
      m.touched[own * UNIT + scores.row()] = of_heads
        ? row < KEY_HEADS && is_selected(a, score, a.planted_heads, ~p.layer, row)
        : is_selected(a, score, a.planted_neurons, p.layer, row);
    }
    ring.release(m.ring);
  }
  meet();
  for (int u = work.first + threadIdx.x; u < work.last; u += THREADS) {
    // The heads' are the next layer's.
    const bool of_heads = u >= work.neuron_units;
    leave_bits(
      of_heads ? head_mask(a, p.layer + 1) : neuron_mask(a, p.layer),
      of_heads ? u - work.neuron_units : u, touched_bits(m, u - work.first), date(a, p.index));
  }
}
