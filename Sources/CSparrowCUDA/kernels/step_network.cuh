// A feed-forward network, neuron by neuron: its rows of gate and up, and its column of down, which
// lies as a row. Each block adds its neurons; a phase of its own adds the blocks.
//
// Constant: GATED.

constexpr int NETWORK_BATCH = GATED ? SUMS<WEIGHT_BITS> / 2 : SUMS<WEIGHT_BITS>;

/// SiLU of a gate, or ReLU.
__device__ __forceinline__ float activated(float x) {
  return GATED ? __fdividef(x, 1 + expf(-x)) : fmaxf(x, 0);
}

__device__ __forceinline__ void stream_network(
  const scu_step &a, step_memory &m, producer &ring, uint32_t &choices, uint32_t &reads,
  const phase &p) {
  const bool listed = is_sparse(a, p.layer);
  int first = share(a.neurons, blockIdx.x), last = share(a.neurons, blockIdx.x + 1);
  if (p.kind == SCU_SKETCHED) {
    stream_sketch(a, m, ring, p);
    wait_for(&m.chosen, choices);
    choices ^= 1;
  } else if (listed) {
    wait_for(&m.read, reads);
    reads ^= 1;
    list_neurons(
      m, neuron_mask(a, p.layer), a.neurons / a.group, a.group, a.predictor_rows != 0,
      date(a, p.index - 2));
    if ((threadIdx.x & 31) == 0) arrive(&m.listed);
  }
  if (listed) first = m.first, last = m.last;
  const int lane = threadIdx.x & 31;
#pragma unroll 1
  for (int b = first; b < last; b += NETWORK_BATCH) {
    const int size = min(NETWORK_BATCH, last - b);
#pragma unroll 1
    for (int part = GATED ? 0 : 1; part < 3; part++) {
      const char *matrix =
        p.at<char>(part == 0 ? a.layer.gate : part == 1 ? a.layer.up : a.layer.down);
#pragma unroll 1
      for (int r = 0; r < size; r += SLOT_ROWS<WEIGHT_BITS>) {
        const int pieces = min(SLOT_ROWS<WEIGHT_BITS>, size - r);
        const int i = b + r + min(lane, pieces - 1);
        const int64_t neuron = listed ? listed_neuron(m, i, a.group) : i;
        ring.fill(m.ring, matrix + neuron * ROW_BYTES<WEIGHT_BITS>, pieces, ROW_BYTES<WEIGHT_BITS>);
      }
    }
  }
}

/// A lane's of 32 neurons' biases, of those from `from` on that are touched.
__device__ __forceinline__ float network_bias(
  const step_memory &m, const float *bias, bool listed, int group, int from, int last) {
  const int i = from + (threadIdx.x & 31);
  return bias && i < last ? bias[listed ? listed_neuron(m, i, group) : i] : 0;
}

__device__ __forceinline__ void run_network(
  const scu_step &a, step_memory &m, consumer &ring, uint32_t &lists, const phase &p) {
  const norm_weights norm(
    p.at<uint16_t>(a.layer.network_norm), p.at<uint16_t>(a.layer.network_norm_bias));
  const float *bias = p.at(a.layer.up_bias);
  wait_for_blocks(a, p);
  float x[OWN];
  row_sum<WEIGHT_BITS> sum;
  take_own(x, a.middle, date(a, p.index - 1));
  tell_time(a, p);
  const bool listed = is_sparse(a, p.layer);
  int first = share(a.neurons, blockIdx.x), last = share(a.neurons, blockIdx.x + 1);
  if (listed && p.kind == SCU_NETWORK) {
    wait_for(&m.listed, lists);
    lists ^= 1;
    first = m.first, last = m.last;
  }
  // A lane's of the first 32 neurons: from far away, asked for before it is needed.
  float next_bias = network_bias(m, bias, listed, a.group, first, last);
  norm.apply(x, a.is_rms, a.epsilon, m.scratch);
  if constexpr (SKETCHES)
    if (p.kind == SCU_SKETCHED) {
      choose_neurons(a, m, ring, x, p);
      first = m.first, last = m.last;
      next_bias = network_bias(m, bias, listed, a.group, first, last);
    }
  const row_input<WEIGHT_BITS> input(x, m);
  float biases = 0;
  int turn = 0;
#pragma unroll 1
  for (int b = first; b < last; b += NETWORK_BATCH, turn ^= 1) {
    const int size = min(NETWORK_BATCH, last - b);
    // Every warp has all of the batch's neurons: none waits for another's.
    const int i = min((int)threadIdx.x & (NETWORK_BATCH - 1), size - 1);
    if ((b - first) % 32 == 0) {
      biases = next_bias;
      next_bias = network_bias(m, bias, listed, a.group, b + 32, last);
    }
    const float own_bias = __shfl_sync(~0u, biases, (b - first) % 32 + i);
    // Gates, then ups, in one batch of sums.
    input.dots<GATED ? 2 : 1, NETWORK_BATCH>(m.ring, ring, size, m.sums[turn]);
    meet();
    const float up = take_sum(m.sums[turn], GATED ? NETWORK_BATCH + i : i) + own_bias;
    const float y = GATED ? activated(take_sum(m.sums[turn], i)) * up : activated(up);
    sum.template add<NETWORK_BATCH>(m, ring, (threadIdx.x & 31) < size ? y : 0, size);
  }
  if (listed && p.kind == SCU_NETWORK) {
    __syncwarp();
    if ((threadIdx.x & 31) == 0) arrive(&m.read);
  }
  sum.leave(a.partial + (uint64_t)blockIdx.x * WIDTH * 8, date(a, p.index));
}

/// The sum of the blocks' parts, 32 columns a block, onto the residual stream.
__device__ __forceinline__ void reduce(const scu_step &a, step_memory &m, const phase &p) {
  const float *bias = p.at(a.layer.down_bias);
  const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5;
  wait_for_blocks(a, p);
  tell_time(a, p);
  for (int i = blockIdx.x * 32 + lane; i < WIDTH; i += BLOCKS * 32) {
    constexpr int EACH = (BLOCKS + CONSUMERS - 1) / CONSUMERS;
    const float own_bias = bias ? bias[i] : 0;
    float parts[EACH], sum = 0;
    // From long ago: asked for now, and looked at in the end.
    const uint64_t onto = ask(a.middle, i);
    // Beyond the last block: its part again, which is not added.
    take(parts, a.partial, warp * WIDTH + i, CONSUMERS * WIDTH, (BLOCKS - 1) * WIDTH + i + 1,
         date(a, p.index - 1));
#pragma unroll
    for (int b = 0; b < EACH; b++)
      if (warp + b * CONSUMERS < BLOCKS) sum += parts[b];
    m.columns[warp][lane] = sum;
    meet();
    if (warp == 0) {
#pragma unroll
      for (int w = 1; w < CONSUMERS; w++) sum += m.columns[w][lane];
      const float before = take(onto, a.middle, i, date(a, p.index - 2));
      leave(a.stream, i, before + (sum + own_bias), date(a, p.index));
    }
    meet();
  }
}

/// The token's row, and its position's, as the residual stream.
__device__ __forceinline__ void embed(const scu_step &a, const scu_row &row, const phase &p) {
  const char *token = (const char *)a.embedding + (uint64_t)row.token * ROW_BYTES<WEIGHT_BITS>;
  const uint16_t *position = (const uint16_t *)a.positions + (uint64_t)row.position * WIDTH;
  for (int i = blockIdx.x * THREADS + threadIdx.x; i < WIDTH; i += BLOCKS * THREADS)
    leave(
      a.stream, i,
      row_weight<WEIGHT_BITS>::at(token, i) + (a.positions ? from_bfloat(position[i]) : 0),
      date(a, p.index));
  if (blockIdx.x == 0 && threadIdx.x == 0) *(uint64_t *)a.best = 0;
}
