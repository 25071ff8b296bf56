// A lean step's memory, and how its blocks hand vectors to each other.
//
// Every block keeps the residual stream and norms it by itself, so that only products and heads'
// results go from one to the other: each number beside the date of the phase that made it, in one
// word. Who reads looks at the date. No vector is overwritten before all have read it: every block
// has a tile of each layer's network, or of both products for the residual stream, and what follows
// waits for those.
//
// Phases that follow each other begin at different blocks, where there are enough: who has just left
// something is not the one that others wait for.
//
// Constants: those of multiply.cuh, with one tile at a time; HIDDEN elements of the residual
// stream, WIDEST of any input, PHASES, HEADS of HEAD elements, KEY_HEADS; IS_STAGED where a block
// has room for a part's keys and values. And what makes the kernel short, as it has to stay in the
// caches for instructions: IS_RMS, NORM_BIASES, POST_NORMS, HEAD_NORMS, IS_GATED, ACTIVATION,
// HAS_POSITIONS.

constexpr int LEAN_THREADS = PARTS * 32;
constexpr int TERMS = (WIDEST + SCU_LINE - 1) / SCU_LINE * SCU_LINE;
/// A copy of the planes for each slot: where runs are short each line has one.
constexpr int LEAN_WARP_BYTES = SLOTS * (SLOT_BYTES + SIDE_BYTES);
/// Tiles that are short: lines of one, and of a warp in all that it takes at once.
constexpr int SHORT = 3 * PARTS, LATE = 4;
/// Bytes from one key or value to the next, in shared memory: lanes read different banks.
constexpr int STAGED_BYTES = HEAD * 2 + 16;
static_assert(TILES == 1 && COLUMN_TILES == 1, "a row, tile by tile");
static_assert(HEAD % 8 == 0, "eight elements of a head at once");
static_assert(HIDDEN <= 8 * SCU_SPLIT, "the residual stream where queries lie");

/// Pairs of a vector that a thread has: the i-th begins at 2 * (threadIdx.x + i * LEAN_THREADS).
__host__ __device__ constexpr int pairs_of(int width) {
  return (width + 2 * LEAN_THREADS - 1) / (2 * LEAN_THREADS);
}

constexpr int STREAM_PAIRS = pairs_of(HIDDEN), INPUT_PAIRS = pairs_of(WIDEST);

__device__ __forceinline__ int pair_at(int i) { return 2 * (threadIdx.x + i * LEAN_THREADS); }

struct lean_memory {
  alignas(16) uint8_t rings[PARTS][LEAN_WARP_BYTES];
  alignas(16) uint8_t staged[2][IS_STAGED ? SCU_SPLIT : 1][STAGED_BYTES];
  alignas(16) uint16_t terms[2][TERMS];
  alignas(16) float block_sums[TERMS / 32];
  alignas(16) float query[HEAD + (8 * SCU_SPLIT > 4 * HEAD ? 8 * SCU_SPLIT : 4 * HEAD)];
  alignas(16) float own[2][HEAD];  ///< a key and a value
  float2 parts[HEADS][SCU_LEAN_PARTS];  ///< of heads: what each weighs, and its sum of weights
  float sums[2][2][PARTS][16];
  float rounds[4][PARTS];
  float scratch[32], scale;
  alignas(16) scu_lean_phase phases[PHASES];
};

static_assert(
  sizeof(lean_memory) <= scu_lean_bytes(FORMAT, SLOTS, WIDEST, PHASES, HEADS, HEAD, IS_STAGED),
  "what the host allocates");

extern __shared__ __align__(16) uint8_t lean_bytes[];

__device__ __forceinline__ void leave_word(uint64_t words, int index, float value, uint32_t date) {
  const uint64_t word = (uint64_t)date << 32 | __float_as_uint(value);
  asm volatile("st.relaxed.gpu.global.u64 [%0], %1;" ::"l"(words + 8 * (uint64_t)index), "l"(word)
               : "memory");
}

/// Looks at words that do not come, some seconds' worth, before the step is given up: an error that
/// the host is told, where a wait without end would be none.
constexpr int PATIENCE = 1 << 24;

/// COUNT pairs of numbers, once all are there; `index` gives a pair's first word, or less than 0
/// for none.
template <int COUNT, typename Index>
__device__ __forceinline__ void take(
  float2 (&to)[COUNT], uint64_t words, uint32_t date, Index index) {
  uint64_t x[COUNT], y[COUNT], from[COUNT];
#pragma unroll
  for (int i = 0; i < COUNT; i++) {
    const int first = index(i);
    from[i] = first >= 0 ? words + 8 * (uint64_t)first : 0;
  }
  bool are_there;
  int looks = 0;
  do {
    if (++looks > PATIENCE) __trap();
    are_there = true;
#pragma unroll
    for (int i = 0; i < COUNT; i++) {
      x[i] = y[i] = (uint64_t)date << 32;
      if (from[i])
        asm volatile("ld.relaxed.gpu.global.v2.u64 {%0, %1}, [%2];"
                     : "=l"(x[i]), "=l"(y[i])
                     : "l"(from[i])
                     : "memory");
    }
#pragma unroll
    for (int i = 0; i < COUNT; i++)
      are_there &= (uint32_t)(x[i] >> 32) == date && (uint32_t)(y[i] >> 32) == date;
  } while (!are_there);
#pragma unroll
  for (int i = 0; i < COUNT; i++)
    to[i] = make_float2(__uint_as_float((uint32_t)x[i]), __uint_as_float((uint32_t)y[i]));
}

/// Two numbers that are not adjacent.
__device__ __forceinline__ float2 take_two(uint64_t words, uint32_t date, int i, int j) {
  uint64_t x, y;
  int looks = 0;
  do {
    if (++looks > PATIENCE) __trap();
    asm volatile("ld.relaxed.gpu.global.u64 %0, [%2];\n\tld.relaxed.gpu.global.u64 %1, [%3];"
                 : "=&l"(x), "=l"(y)
                 : "l"(words + 8 * (uint64_t)i), "l"(words + 8 * (uint64_t)j)
                 : "memory");
  } while ((uint32_t)(x >> 32) != date || (uint32_t)(y >> 32) != date);
  return make_float2(__uint_as_float((uint32_t)x), __uint_as_float((uint32_t)y));
}

/// A thread's pairs of a vector of `count` numbers, zeros beyond it.
template <int N>
__device__ __forceinline__ void take_own(
  float2 (&to)[N], uint64_t words, int first, int count, uint32_t date) {
  constexpr int AT_ONCE = N < 8 ? N : 8;
#pragma unroll
  for (int begin = 0; begin < N; begin += AT_ONCE) {
    float2 own[AT_ONCE];
    take(own, words, date, [&](int i) {
      return pair_at(begin + i) < count ? first + pair_at(begin + i) : -1;
    });
#pragma unroll
    for (int i = 0; i < AT_ONCE; i++)
      if (begin + i < N) to[begin + i] = own[i];
  }
}

/// A thread's pairs of a vector that nobody writes; zeros without one.
template <int N>
__device__ __forceinline__ void load_own(float2 (&to)[N], uint64_t from, int count) {
#pragma unroll
  for (int i = 0; i < N; i++)
    to[i] = from && pair_at(i) < count ? __ldg((const float2 *)(from + 4 * (uint64_t)pair_at(i)))
                                       : make_float2(0, 0);
}

// MARK: - Over a block

/// What a block does together, in turn: numbers of one round are read while those of the next are
/// written.
struct lean_rounds {
  lean_memory &m;
  int round = 0;

  /// In the order of block_sum.
  __device__ __forceinline__ float sum(float x) {
    float *own = next(warp_sum(x));
    float total = 0;
#pragma unroll
    for (int i = 0; i < PARTS; i++) total += own[i];
    return total;
  }

  /// Of numbers that are not negative.
  __device__ __forceinline__ float most(float x) {
    float *own = next(__uint_as_float(__reduce_max_sync(~0u, __float_as_uint(x))));
    float most = 0;
#pragma unroll
    for (int i = 0; i < PARTS; i++) most = fmaxf(most, own[i]);
    return most;
  }

private:
  __device__ __forceinline__ float *next(float of_warp) {
    float *own = m.rounds[round];
    round = (round + 1) % 4;
    if ((threadIdx.x & 31) == 0) own[threadIdx.x >> 5] = of_warp;
    __syncthreads();
    return own;
  }
};

/// The norm of a vector that the threads have, as row_norm makes it.
template <int N>
__device__ __forceinline__ void norm_own(
  float2 (&x)[N], const scu_lean_phase &p, int first, const float2 (&weight)[N],
  const float2 (&bias)[N], lean_rounds &rounds) {
  float mean = 0, sum = 0;
  if (!IS_RMS) {
#pragma unroll
    for (int i = 0; i < N; i++)
      if (pair_at(i) < HIDDEN) sum += x[i].x, sum += x[i].y;
    mean = rounds.sum(sum) / HIDDEN;
    sum = 0;
  }
#pragma unroll
  for (int i = 0; i < N; i++) {
    if (pair_at(i) >= HIDDEN) continue;
    sum = fmaf(x[i].x - mean, x[i].x - mean, sum);
    sum = fmaf(x[i].y - mean, x[i].y - mean, sum);
  }
  const float inverse = inverse_deviation(rounds.sum(sum), HIDDEN, p.epsilon);
  const bool has_weight = p.norms[first], has_bias = NORM_BIASES && p.norms[first + 1];
#pragma unroll
  for (int i = 0; i < N; i++) {
    if (pair_at(i) >= HIDDEN) continue;
    x[i].x =
      normed(x[i].x, mean, inverse, has_weight, weight[i].x + p.offset, has_bias, bias[i].x);
    x[i].y =
      normed(x[i].y, mean, inverse, has_weight, weight[i].y + p.offset, has_bias, bias[i].y);
  }
}

/// Leaves a vector of `columns` numbers in two terms, as prepare_row does, where the warps read
/// them.
template <int N>
__device__ __forceinline__ scu_prepared prepare_own(
  lean_memory &m, const float2 (&x)[N], int columns, lean_rounds &rounds) {
  scu_prepared to = {};
  to.high = (uint64_t)m.terms[0], to.low = (uint64_t)m.terms[1];
  to.scales = (uint64_t)&m.scale;
  to.is_half = FORMAT != SCU_BF16;
  if (BLOCK.minimums) to.sums = (uint64_t)m.block_sums;
  to.stride = (columns + SCU_LINE - 1) / SCU_LINE * SCU_LINE;
  float scale = 1;
  if (to.is_half) {
    float most = 0;
#pragma unroll
    for (int i = 0; i < N; i++)
      if (pair_at(i) < columns) most = fmaxf(most, fmaxf(fabsf(x[i].x), fabsf(x[i].y)));
    scale = row_scale(rounds.most(most));
  }
  if (threadIdx.x == 0) m.scale = scale;
  const float inverse = inverse_scale(scale);
#pragma unroll
  for (int i = 0; i < N; i++) {
    const bool is_there = pair_at(i) < columns;
    if (pair_at(i) < to.stride)
      leave_terms(
        to, 0, pair_at(i) / 2, is_there ? x[i].x * inverse : 0, is_there ? x[i].y * inverse : 0);
  }
  // A line of floats is read by the warp that has left it.
  if (IS_FLOAT) __syncwarp();
  else __syncthreads();
  return to;
}

// MARK: - Weights

__device__ __forceinline__ bool is_paired(const scu_lean_phase &p) {
  return IS_GATED && p.makes_neurons;
}

/// The matrix of a tile: of a gated network tile i of the gates comes right before that of the
/// neurons.
__device__ __forceinline__ int matrix_of(const scu_lean_phase &p, int group, int half) {
  if (is_paired(p)) return half;
  int i = 0;
  while (i + 1 < p.count && group >= p.of.matrices[i + 1].first_tile) i++;
  return i;
}

/// The first of this block's tiles of a phase, where it has any.
__device__ __forceinline__ int first_tile(const scu_lean_phase &p) {
  const int after = (int)blockIdx.x - p.first_block;
  return after < 0 ? after + (int)gridDim.x : after;
}

/// A warp's way over its lines, phase by phase and tile by tile: what it copies.
struct lean_stream {
  lean_memory &m;
  uint8_t *ring;
  scu_planes planes;
  tile own;
  int phase, group, line, count, run, slot, side;
  int half;  ///< 1 for the second of a pair of tiles
  bool is_settled;
  const int warp, lane;

  __device__ __forceinline__ explicit lean_stream(lean_memory &m)
      : m(m), slot(0), side(0), is_settled(true), warp(threadIdx.x >> 5), lane(threadIdx.x & 31) {
    ring = m.rings[warp];
    open(0);
#pragma unroll 1
    for (int i = 0; i < SLOTS - 1; i++) copy();
    settle();
  }

  /// Goes to the first phase from one on in which this warp has a line.
  __device__ __forceinline__ void open(int from) {
#pragma unroll 1
    for (phase = from; phase < PHASES; phase++) {
      const scu_lean_phase &p = m.phases[phase];
      if (p.kind != SCU_LEAN_PRODUCTS || first_tile(p) >= p.tiles) continue;
      count = p.stride / LINE, run = run_of(count);
      if (warp * run >= count) continue;
      planes = row_planes(p.stride);
      line = warp * run, group = first_tile(p), half = 0;
      return find(p);
    }
  }

  __device__ __forceinline__ void find(const scu_lean_phase &p) {
    const scu_lean_matrix &matrix = p.of.matrices[matrix_of(p, group, half)];
#pragma unroll
    for (int i = 0; i < 2; i++) {
      const int row = (group - matrix.first_tile) * 16 + lane / 4 + 8 * i;
      own.rows[i] =
        (const uint8_t *)matrix.weights + (uint64_t)min(row, matrix.rows - 1) * planes.bytes;
    }
  }

  /// Queues the next line.
  __device__ __forceinline__ void copy() {
    settle();
    if (phase < PHASES) {
      if (!IS_FLOAT && begins_run(line, run)) {
        copy_sides(ring + SLOTS * SLOT_BYTES + side * SIDE_BYTES, own, planes, line, count, lane);
        side = side + 1 == SLOTS ? 0 : side + 1;
      }
      copy_numbers(ring + slot * SLOT_BYTES, own, line, lane);
      line = line_after(line, run);
      is_settled = line < count;
    }
    end_copies();
    slot = slot + 1 == SLOTS ? 0 : slot + 1;
  }

  __device__ __forceinline__ void copy(int count) {
#pragma unroll 1
    for (int i = 0; i < count; i++) copy();
  }

  /// Finds out where the next line is, behind a tile's last one: once nobody waits for the block.
  __device__ __forceinline__ void settle() {
    if (is_settled) return;
    is_settled = true;
    const scu_lean_phase &p = m.phases[phase];
    line = warp * run;
    if (is_paired(p) && half == 0) half = 1;
    else half = 0, group += gridDim.x;
    if (group < p.tiles) find(p);
    else open(phase + 1);
  }
};

// MARK: - Attention

/// A part's keys and values in the block's memory.
struct staged_cache {
  static constexpr bool IS_NEAR = true;
  const lean_memory &m;
  int first;

  __device__ __forceinline__ const uint8_t *at(int is_value, int position) const {
    return m.staged[is_value][position - first];
  }

  __device__ __forceinline__ void load(const uint8_t *row, int i, float (&x)[8]) const {
    load_cached((uint64_t)row, 0, i, x);
  }

  /// The i-th eight elements.
  __device__ __forceinline__ uint4 value(int position, int i) const {
    return *(const uint4 *)(at(1, position) + 16 * i);
  }
};

/// Queues the copy of a part's keys and values, but those of the row itself.
__device__ __forceinline__ void stage_cached(
  lean_memory &m, const paged_cache &cache, const attend_place &at) {
  constexpr int PIECES_OF_ROW = HEAD / 8;
  const int end = min(at.end, at.row.position);
#pragma unroll 1
  for (int i = threadIdx.x; i < (end - at.first) * PIECES_OF_ROW; i += LEAN_THREADS) {
    const int position = at.first + i / PIECES_OF_ROW, piece = i % PIECES_OF_ROW;
    if (position < at.start) continue;
#pragma unroll
    for (int is_value = 0; is_value < 2; is_value++) {
      const paged_cache::place from = cache.at(is_value, position);
      copy_async<16>(
        m.staged[is_value][position - at.first] + piece * 16,
        (const uint16_t *)from.page + from.index + piece * 8);
    }
  }
  end_copies();
}
