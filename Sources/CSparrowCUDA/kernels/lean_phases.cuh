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

/// Heads' results, their parts joined in their order.
template <int N>
__device__ __forceinline__ void take_attended(
  lean_block &b, const scu_lean_phase &p, int window, float2 (&to)[N]) {
  const int least = window > 0 ? max(0, b.row.position + 1 - window) : 0;
  const int parts = b.row.position / SCU_SPLIT - least / SCU_SPLIT + 1;
  const uint64_t words = b.a.words;
  if (parts == 1) return take_own(to, words, b.a.attended, p.columns, b.date_before());
  // At once: sums of the first parts, and of heads, each a warp's, a part's state a lane.
  constexpr int AT_ONCE = N <= 2 ? 4 : 2, SUMS = N * AT_ONCE;
  constexpr int OWN_HEADS = (HEADS + PARTS - 1) / PARTS;
  const int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
  const auto sum_word = [&](int first, int i) {
    const int at = pair_at(i / AT_ONCE), part = first + i % AT_ONCE;
    return at < p.columns && part < parts
      ? b.a.parts + (at / HEAD * SCU_LEAN_PARTS + part) * (HEAD + 2) + 2 + at % HEAD : -1;
  };
  float2 taken[SUMS + OWN_HEADS];
  take(taken, words, b.date_before(), [&](int i) {
    if (i < SUMS) return sum_word(0, i);
    const int head = warp + (i - SUMS) * PARTS;
    return head < HEADS && lane < parts
      ? b.a.parts + (head * SCU_LEAN_PARTS + lane) * (HEAD + 2) : -1;
  });
#pragma unroll
  for (int i = 0; i < OWN_HEADS; i++) {
    const float2 state = taken[SUMS + i];
    const float most = warp_most(lane < parts ? state.x : -INFINITY);
    const int head = warp + i * PARTS;
    if (head < HEADS && lane < parts)
      b.m.parts[head][lane] = make_float2(expf(state.x - most), state.y);
  }
  __syncthreads();
  float totals[N] = {};
#pragma unroll
  for (int n = 0; n < N; n++) to[n] = make_float2(0, 0);
#pragma unroll 1
  for (int first = 0;;) {
#pragma unroll
    for (int i = 0; i < SUMS; i++) {
      const int n = i / AT_ONCE, part = first + i % AT_ONCE;
      if (pair_at(n) >= p.columns || part >= parts) continue;
      const float2 own = b.m.parts[pair_at(n) / HEAD][part];
      totals[n] = fmaf(own.x, own.y, totals[n]);
      to[n].x = fmaf(own.x, taken[i].x, to[n].x), to[n].y = fmaf(own.x, taken[i].y, to[n].y);
    }
    first += AT_ONCE;
    if (first >= parts) break;
    float2 next[SUMS];
    take(next, words, b.date_before(), [&](int i) { return sum_word(first, i); });
#pragma unroll
    for (int i = 0; i < SUMS; i++) taken[i] = next[i];
  }
#pragma unroll
  for (int n = 0; n < N; n++)
    if (pair_at(n) < p.columns) to[n].x /= totals[n], to[n].y /= totals[n];
}

/// What a lane takes of the row over a line of floats: of eight columns the first has the high
/// terms, the second the low ones. So one product makes both sums that add_step makes.
struct float_input {
  uint4 terms[STEPS];

  __device__ __forceinline__ float_input(const lean_memory &m, int line, int lane) {
#pragma unroll
    for (int i = 0; i < STEPS; i++)
      terms[i] = load_input_if(
        lane < 8, m.terms[lane / 4 % 2] + line * LINE + 32 * i + lane % 4 * 8);
  }

  /// Onto the first column of `sum`.
  __device__ __forceinline__ void multiply(const row_line (&rows)[2], float (&sum)[4]) const {
#pragma unroll
    for (int i = 0; i < STEPS; i++) {
      float part[4];
      multiply_term(part, rows[0].numbers[i], rows[1].numbers[i], terms[i]);
      sum[0] += part[0], sum[0] += part[1];
      sum[2] += part[2], sum[2] += part[3];
    }
  }
};

/// A warp's lines of a phase. It has the next one in registers: read before the input is there, or
/// while the one before is multiplied.
struct lean_lines {
  lean_block &b;
  const int count, run, first;
  /// Lines that follow are asked for only once nobody waits for the block: `late` counts them. Wider
  /// models are bound by memory, and want their next lines at once.
  const bool is_short;
  int late;
  row_line next[1][2];

  __device__ __forceinline__ lean_lines(lean_block &b, const scu_lean_phase &p)
      : b(b), count(p.stride / LINE), run(run_of(count)), first(b.weights.warp * run),
        is_short(
          SLOTS > LATE && run == 1 && count <= SHORT
          && (count + PARTS - 1) / PARTS * (is_paired(p) ? 2 : 1) <= LATE),
        late(0) {}

  /// The first one of a tile.
  __device__ __forceinline__ void begin() {
    if (first < count) read(first);
  }

  /// A tile's products, onto `sum`, of whose columns the first is the row's; `goes_on` where the
  /// tile that follows has the same input.
  __device__ __forceinline__ void multiply(
    const scu_prepared &x, bool goes_on, float (&sum)[1][1][4]) {
    const unpacking by;
#pragma unroll 1
    for (int line = first; line < count;) {
      if constexpr (IS_FLOAT) {
        const float_input input(b.m, line, b.weights.lane);
        const row_line now[2] = {next[0][0], next[0][1]};
        line = read_after(line, goes_on);
        input.multiply(now, sum[0][0]);
      } else {
        const line_input inputs(x, 0, 1, line, b.weights.lane);
        step_input ahead[AHEAD][1];
#pragma unroll
        for (int i = 0; i < AHEAD; i++) ahead[i][0] = inputs.step(0, i);
        const row_line now[1][2] = {{next[0][0], next[0][1]}};
        line = read_after(line, goes_on);
        multiply_line(sum, now, inputs, ahead, by);
      }
    }
  }

private:
  __device__ __forceinline__ int read_after(int line, bool goes_on) {
    line = line_after(line, run);
    if (line < count) read(line);
    else if (goes_on) read(first);
    return line;
  }

  __device__ __forceinline__ void read(int line) {
    // Before the last of LATE lines LATE - 1 have not been asked for again.
    if (is_short) wait_for_copies<(SLOTS > LATE ? SLOTS - 1 - LATE : 0)>();
    else wait_for_copies<SLOTS - 2>();
    __syncwarp();
    if (begins_run(line, run)) b.side = b.side + 1 == SLOTS ? 0 : b.side + 1;
    const uint8_t *ring = b.m.rings[b.weights.warp];
    read_lines(
      next[0], ring + b.slot * SLOT_BYTES, ring + SLOTS * SLOT_BYTES + b.side * SIDE_BYTES, line,
      b.weights.lane);
    b.slot = b.slot + 1 == SLOTS ? 0 : b.slot + 1;
    if (is_short) late++;
    else b.weights.copy();
  }
};

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
  lean_block &b, const scu_lean_phase &p, lean_lines &lines, const scu_prepared &x,
  lean_output output) {
  lean_memory &m = b.m;
  const int warp = b.weights.warp, lane = b.weights.lane, halves = is_paired(p) ? 2 : 1;
#pragma unroll 1
  for (int group = first_tile(p); group < p.tiles; group += gridDim.x) {
    float(&sums)[2][PARTS][16] = m.sums[b.parity];
    b.parity ^= 1;
    // The sums of both are under way together.
    float sum[1 + IS_GATED][1][1][4] = {};
#pragma unroll
    for (int half = 0; half < 1 + IS_GATED; half++)
      if (half < halves) lines.multiply(x, half + 1 < halves, sum[half]);
#pragma unroll
    for (int half = 0; half < 1 + IS_GATED; half++) {
      // Of eight columns the first is the row's.
      if (half == halves || lane % 4 != 0) continue;
      sums[half][warp][lane / 4] = sum[half][0][0][0];
      sums[half][warp][lane / 4 + 8] = sum[half][0][0][2];
    }
    __syncthreads();
    if (output.word >= 0) {
      float y = output.total(sums[0], 0, m.scale);
      if (p.makes_neurons) y = activated(ACTIVATION, y);
      if (is_paired(p)) y *= output.total(sums[1], 1, m.scale);
      leave_word(b.a.words, output.word, y, b.date());
    }
    const bool is_last = group + (int)gridDim.x >= p.tiles;
    if (!is_last) output = lean_output(p, group + gridDim.x);
    b.weights.copy(lines.late);
    b.weights.settle();
    lines.late = 0;
    if (!is_last) lines.begin();
  }
}

template <int N>
__device__ __forceinline__ void copy_pairs(float2 (&to)[INPUT_PAIRS], const float2 (&from)[N]) {
#pragma unroll
  for (int i = 0; i < N; i++) to[i] = from[i];
}

__device__ __forceinline__ void multiply_phase(
  lean_block &b, const scu_lean_phase &p, int window) {
  const bool works = first_tile(p) < p.tiles;
  const lean_output output(p, first_tile(p));
  lean_lines lines(b, p);
  if (works) lines.begin();
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
  if (works) multiply_tiles(b, p, lines, prepare_own(b.m, x, p.columns, b.rounds), output);
}
