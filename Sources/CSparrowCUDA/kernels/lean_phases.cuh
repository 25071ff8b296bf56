// The phases of a lean step that multiply: what blocks take, their inputs, their tiles.

/// What a block knows of a step all along.
struct lean_block {
  const scu_lean &a;
  lean_memory &m;
  lean_stream weights;
  lean_rounds rounds;
  scu_row row;
  uint32_t turn;
  /// The residual stream.
  float2 stream[STREAM_PAIRS];
  int phase = 0;
  int slot = 0, side = SLOTS - 1, parity = 0;

  __device__ __forceinline__ lean_block(const scu_lean &a, lean_memory &m)
      : a(a), m(m), weights(m), rounds{m} {}

  /// Of what this phase makes, and of what the one before has made.
  __device__ __forceinline__ uint32_t date() const { return (turn + 1) * PHASES + phase; }
  __device__ __forceinline__ uint32_t date_before() const { return date() - 1; }
};

/// The token's row onto the residual stream. All threads write it down and take theirs of it: code
/// for any format is long.
__device__ __forceinline__ void embed(lean_block &b) {
  const scu_lean &a = b.a;
  float *x = b.m.query;
#pragma unroll 1
  for (int i = threadIdx.x; i < HIDDEN; i += LEAN_THREADS)
    x[i] = __fmul_rn(weight(a.tokens, b.row.token, i), a.embedding_scale);
  if (HAS_POSITIONS)
#pragma unroll 1
    for (int i = threadIdx.x; i < HIDDEN; i += LEAN_THREADS)
      x[i] += weight(a.positions, b.row.position + a.position_offset, i);
  __syncthreads();
#pragma unroll
  for (int i = 0; i < STREAM_PAIRS; i++)
    b.stream[i] = pair_at(i) < HIDDEN ? ((const float2 *)x)[pair_at(i) / 2] : make_float2(0, 0);
}

/// Takes what belongs onto the residual stream; `to` gets its norm where the phase wants it.
__device__ __forceinline__ void take_stream(
  lean_block &b, const scu_lean_phase &p, float2 (&to)[STREAM_PAIRS]) {
  // On their way while the block waits.
  float2 norms[4][STREAM_PAIRS] = {};
#pragma unroll
  for (int v = 0; v < 4; v++)
    if ((v < 2 || POST_NORMS) && (v % 2 == 0 || NORM_BIASES))
      load_own(norms[v], p.norms[v], HIDDEN);
  if (p.adds != SCU_LEAN_NOTHING) {
    take_own(to, b.a.words, p.taken, HIDDEN, b.date_before());
    if (POST_NORMS) norm_own(to, p, 2, norms[2], norms[3], b.rounds);
#pragma unroll
    for (int i = 0; i < STREAM_PAIRS; i++) b.stream[i].x += to[i].x, b.stream[i].y += to[i].y;
  }
#pragma unroll
  for (int i = 0; i < STREAM_PAIRS; i++) to[i] = b.stream[i];
  if (p.makes == SCU_LEAN_NORM) norm_own(to, p, 0, norms[0], norms[1], b.rounds);
}

/// What parts of heads weigh: a thread a head.
__device__ __forceinline__ void weigh_parts(lean_block &b, int parts) {
  constexpr int AT_ONCE = 4;
  for (int head = threadIdx.x; head < HEADS; head += LEAN_THREADS) {
    float *weights = b.m.weights[head];
    float most = -INFINITY, total = 0;
    float2 states[AT_ONCE];
    const auto take_states = [&](int first) {
      take(states, b.a.words, b.date_before(), [&](int i) {
        return first + i < parts
          ? b.a.parts + (head * SCU_LEAN_PARTS + first + i) * (HEAD + 2) : -1;
      });
    };
#pragma unroll 1
    for (int first = 0; first < parts; first += AT_ONCE) {
      take_states(first);
#pragma unroll
      for (int i = 0; i < AT_ONCE; i++)
        if (first + i < parts) most = fmaxf(most, states[i].x);
    }
#pragma unroll 1
    for (int first = 0; first < parts; first += AT_ONCE) {
      if (parts > AT_ONCE) take_states(first);
#pragma unroll
      for (int i = 0; i < AT_ONCE; i++) {
        if (first + i >= parts) continue;
        const float weight = expf(states[i].x - most);
        total = fmaf(weight, states[i].y, total);
        weights[first + i] = weight;
      }
    }
    b.m.totals[head] = total;
  }
}

/// Heads' results, their parts joined in their order.
template <int N>
__device__ __forceinline__ void take_attended(
  lean_block &b, const scu_lean_phase &p, int window, float2 (&to)[N]) {
  const int least = window > 0 ? max(0, b.row.position + 1 - window) : 0;
  const int parts = b.row.position / SCU_SPLIT - least / SCU_SPLIT + 1;
  const uint64_t words = b.a.words;
  if (parts == 1) return take_own(to, words, b.a.attended, p.columns, b.date_before());
  weigh_parts(b, parts);
#pragma unroll
  for (int n = 0; n < N; n++) to[n] = make_float2(0, 0);
  constexpr int AT_ONCE = N <= 2 ? 4 : 2;
#pragma unroll 1
  for (int first = 0; first < parts; first += AT_ONCE) {
    float2 own[N * AT_ONCE];
    take(own, words, b.date_before(), [&](int i) {
      const int at = pair_at(i / AT_ONCE), part = first + i % AT_ONCE;
      return at < p.columns && part < parts
        ? b.a.parts + (at / HEAD * SCU_LEAN_PARTS + part) * (HEAD + 2) + 2 + at % HEAD : -1;
    });
    if (first == 0) __syncthreads();
#pragma unroll
    for (int i = 0; i < N * AT_ONCE; i++) {
      const int n = i / AT_ONCE, part = first + i % AT_ONCE;
      if (pair_at(n) >= p.columns || part >= parts) continue;
      const float weight = b.m.weights[pair_at(n) / HEAD][part];
      to[n].x = fmaf(weight, own[i].x, to[n].x), to[n].y = fmaf(weight, own[i].y, to[n].y);
    }
  }
#pragma unroll
  for (int n = 0; n < N; n++) {
    if (pair_at(n) >= p.columns) continue;
    const float total = b.m.totals[pair_at(n) / HEAD];
    to[n].x /= total, to[n].y /= total;
  }
}

/// A warp's part of a tile's products, onto `sum`. Lines that follow are asked for as soon as there
/// is room; or where the block's tiles are short by the caller, once nobody waits for the block:
/// `late` counts them.
__device__ __forceinline__ void multiply_tile(
  lean_block &b, const scu_lean_phase &p, const scu_prepared &x, bool is_short, int &late,
  float (&sum)[1][1][4]) {
  lean_memory &m = b.m;
  const int warp = b.weights.warp, lane = b.weights.lane;
  const int count = p.stride / LINE, run = run_of(count);
  const unpacking by;
#pragma unroll 1
  for (int line = warp * run; line < count; line = line_after(line, run)) {
    const line_input inputs(x, 0, 1, line, lane);
    step_input ahead[AHEAD][1];
#pragma unroll
    for (int i = 0; i < AHEAD; i++) ahead[i][0] = inputs.step(0, i);
    // Before the last of LATE lines LATE - 1 have not been asked for again.
    if (is_short) wait_for_copies<(SLOTS > LATE ? SLOTS - 1 - LATE : 0)>();
    else wait_for_copies<SLOTS - 2>();
    __syncwarp();
    if (begins_run(line, run)) b.side = b.side + 1 == SLOTS ? 0 : b.side + 1;
    row_line now[1][2];
    read_lines(
      now[0], m.rings[warp] + b.slot * SLOT_BYTES,
      m.rings[warp] + SLOTS * SLOT_BYTES + b.side * SIDE_BYTES, line, lane);
    b.slot = b.slot + 1 == SLOTS ? 0 : b.slot + 1;
    if (is_short) late++;
    else b.weights.copy();
    multiply_line(sum, now, inputs, ahead, by);
  }
}

/// Where a thread leaves a product of a tile or of a pair of them, found while the block waits for
/// its input.
struct lean_output {
  int word;  ///< less than 0 for none
  bool has_bias[2];
  float bias[2];

  __device__ __forceinline__ lean_output(const scu_lean_phase &p, int group) {
    word = -1;
#pragma unroll
    for (int half = 0; half < 1 + IS_GATED; half++) {
      if (half && !is_paired(p)) continue;
      const scu_lean_matrix &matrix = p.of.matrices[matrix_of(p, group, half)];
      const int out = (group - matrix.first_tile) * 16 + threadIdx.x;
      const bool is_there = threadIdx.x < 16 && group < p.tiles && out < matrix.rows;
      if (is_there) word = matrix.output + out;
      has_bias[half] = matrix.bias != 0;
      bias[half] = is_there && has_bias[half] ? __ldg((const float *)matrix.bias + out) : 0;
    }
  }

  /// The sum of a tile's parts.
  __device__ __forceinline__ float total(
    const float (&sums)[PARTS][16], int half, float scale) const {
    float total = 0;
#pragma unroll
    for (int w = 0; w < PARTS; w++) total += sums[w][threadIdx.x];
    total *= scale;
    return has_bias[half] ? __fadd_rn(total, bias[half]) : total;
  }
};

/// The products of the block's tiles, from an input that is prepared.
__device__ __forceinline__ void multiply_tiles(
  lean_block &b, const scu_lean_phase &p, const scu_prepared &x, lean_output output) {
  lean_memory &m = b.m;
  const int warp = b.weights.warp, lane = b.weights.lane, count = p.stride / LINE;
  const int halves = is_paired(p) ? 2 : 1;
  // Wider models are bound by memory, and want their next lines at once.
  const bool is_short = SLOTS > LATE && run_of(count) == 1 && count <= SHORT
    && (count + PARTS - 1) / PARTS * halves <= LATE;
  for (int group = blockIdx.x; group < p.tiles; group += gridDim.x) {
    float(&sums)[2][PARTS][16] = m.sums[b.parity];
    b.parity ^= 1;
    int late = 0;
#pragma unroll 1
    for (int half = 0; half < halves; half++) {
      float sum[1][1][4] = {};
      multiply_tile(b, p, x, is_short, late, sum);
      // Of eight columns the first is the row's.
      if (lane % 4 == 0) {
        sums[half][warp][lane / 4] = sum[0][0][0];
        sums[half][warp][lane / 4 + 8] = sum[0][0][2];
      }
    }
    __syncthreads();
    if (output.word >= 0) {
      float y = output.total(sums[0], 0, m.scale);
      if (p.makes_neurons) y = activated(ACTIVATION, y);
      if (is_paired(p)) y *= output.total(sums[1], 1, m.scale);
      leave_word(b.a.words, output.word, y, b.date());
    }
    if (group + (int)gridDim.x < p.tiles) output = lean_output(p, group + gridDim.x);
    b.weights.copy(late);
    b.weights.settle();
  }
}

template <int N>
__device__ __forceinline__ void copy_pairs(float2 (&to)[INPUT_PAIRS], const float2 (&from)[N]) {
#pragma unroll
  for (int i = 0; i < N; i++) to[i] = from[i];
}

__device__ __forceinline__ void multiply_phase(
  lean_block &b, const scu_lean_phase &p, int window) {
  const bool works = (int)blockIdx.x < p.tiles;
  const lean_output output(p, blockIdx.x);
  float2 x[INPUT_PAIRS] = {};
  if (p.makes == SCU_LEAN_NORM || p.makes == SCU_LEAN_STREAM) {
    float2 own[STREAM_PAIRS];
    take_stream(b, p, own);
    copy_pairs(x, own);
  } else if (works && p.makes == SCU_LEAN_ATTENDED) {
    float2 own[pairs_of(HEADS * HEAD)];
    take_attended(b, p, window, own);
    copy_pairs(x, own);
  } else if (works) {
    take_own(x, b.a.words, p.taken, p.columns, b.date_before());
  }
  if (works) multiply_tiles(b, p, prepare_own(b.m, x, p.columns, b.rounds), output);
}
