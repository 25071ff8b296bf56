// Attention of many rows of a text at once: keys and values are brought once for all of them. Each
// row's sums are those that `attend` has, term by term. Behind attention.cuh.
//
// Constants: ATTEND_ROWS of a block, OWN_ROWS of them a thread's; ATTEND_BLOCKS of a
// multiprocessor.

constexpr int PIECE = 64;                        // positions of a page, and dimensions
constexpr int PIECE_STRIDE = PIECE + 4;          // in floats; so that no two rows share banks
constexpr int WEIGHT_STRIDE = ATTEND_ROWS + 4;
constexpr int ATTEND_THREADS = 16 * ATTEND_ROWS / OWN_ROWS;
constexpr int RUNS = SCU_SPLIT / 32;             // of 32 weights, which are added up as a warp does
constexpr int OWN_RUNS = RUNS * ATTEND_ROWS / ATTEND_THREADS;
constexpr int OWN_FOURS = PIECE * PIECE / 4 / ATTEND_THREADS;

/// What a block works on: adjacent rows of one text, and positions of one part of its keys.
struct many_rows {
  const uint64_t *pages;
  int first_row, count;   ///< of the step
  int first, start, end;  ///< of the part; what any row sees of it
  int before;             ///< where the first row sees from, or below 0
  int position;           ///< of the first row

  __device__ __forceinline__ int row_end(int row) const { return min(position + row + 1, end); }
  __device__ __forceinline__ int row_start(int row) const { return max(before + row, first); }
  __device__ __forceinline__ bool sees(int row, int at) const {
    return at < row_end(row) && at >= row_start(row);
  }
  /// Whether it is one of them and sees anything.
  __device__ __forceinline__ bool is_there(int row) const {
    return row < count && row_start(row) < row_end(row);
  }
  /// Whether all rows see all positions of a piece.
  __device__ __forceinline__ bool is_inside(int from) const {
    return from + PIECE <= row_end(0) && from >= row_start(count - 1);
  }
};

struct attend_memory {
  float *query;   ///< [ATTEND_ROWS][stride of queries]
  float *weights; ///< scores, then weights: [SCU_SPLIT][WEIGHT_STRIDE]
  float *piece;   ///< positions by dimensions: [PIECE][PIECE_STRIDE]
  float *runs;    ///< [RUNS][ATTEND_ROWS]
  int stride;
};

/// A page's keys or values of up to PIECE dimensions on their way to shared memory: read while what
/// came before is worked on. FOUR is what four elements of the cache lie in.
template <class FOUR> struct piece_ahead {
  FOUR fours[OWN_FOURS];
  int from, column;  ///< the first position and dimension

  __device__ __forceinline__ void read(
    const scu_attend &a, const many_rows &at, int is_value, int head, int from, int column) {
    this->from = from, this->column = column;
    const int n = a.head_dimension, size = sizeof(FOUR) / 4;
    const uint64_t page = at.pages[from / SCU_PAGE]
      + size * (cache_index(a.plane, a.key_heads, n, is_value, head, from) + column);
#pragma unroll
    for (int i = 0; i < OWN_FOURS; i++) {
      const int item = threadIdx.x + i * ATTEND_THREADS;
      const int position = min(item / (PIECE / 4), at.end - 1 - from);
      const int own = min(item % (PIECE / 4) * 4, n - 4 - column);
      fours[i] = *(const FOUR *)(page + size * (max(position, at.start - from) * n + own));
    }
  }

  __device__ __forceinline__ static float4 expand(float4 v) { return v; }
  __device__ __forceinline__ static float4 expand(uint2 v) {
    return make_float4(
      from_half((uint16_t)v.x), from_half((uint16_t)(v.x >> 16)), from_half((uint16_t)v.y),
      from_half((uint16_t)(v.y >> 16)));
  }

  /// Zeros where no row sees them; with a barrier before and behind.
  __device__ __forceinline__ void write(const scu_attend &a, const many_rows &at, float *piece) {
    __syncthreads();
#pragma unroll
    for (int i = 0; i < OWN_FOURS; i++) {
      const int item = threadIdx.x + i * ATTEND_THREADS;
      const int place = item / (PIECE / 4), own = item % (PIECE / 4) * 4;
      const bool is_seen = from + place >= at.start && from + place < at.end
        && column + own < a.head_dimension;
      const float4 x = is_seen ? expand(fours[i]) : make_float4(0, 0, 0, 0);
      *(float4 *)(piece + place * PIECE_STRIDE + own) = x;
    }
    __syncthreads();
  }
};

/// OWN_ROWS adjacent weights of a position.
__device__ __forceinline__ void read_weights(const float *from, float (&x)[OWN_ROWS]) {
#pragma unroll
  for (int i = 0; i < OWN_ROWS; i += 4) {
    const float4 v = *(const float4 *)(from + i);
    x[i] = v.x, x[i + 1] = v.y, x[i + 2] = v.z, x[i + 3] = v.w;
  }
}

/// Adds products of a piece of keys with queries: OWN_ROWS rows by four positions a thread.
__device__ __forceinline__ void add_scores(
  const scu_attend &a, const attend_memory &m, int column, float (&sums)[4][OWN_ROWS]) {
  const int own = threadIdx.x % 16, row = threadIdx.x / 16 * OWN_ROWS;
  const int width = min(PIECE, a.head_dimension - column);
#pragma unroll 2
  for (int i = 0; i < width; i += 4) {
    float4 keys[4];
#pragma unroll
    for (int k = 0; k < 4; k++)
      keys[k] = *(const float4 *)(m.piece + (own + 16 * k) * PIECE_STRIDE + i);
#pragma unroll
    for (int r = 0; r < OWN_ROWS; r++) {
      const float4 q = *(const float4 *)(m.query + (row + r) * m.stride + column + i);
#pragma unroll
      for (int k = 0; k < 4; k++) {
        float sum = sums[k][r];
        sum = fmaf(q.x, keys[k].x, sum), sum = fmaf(q.y, keys[k].y, sum);
        sum = fmaf(q.z, keys[k].z, sum), sums[k][r] = fmaf(q.w, keys[k].w, sum);
      }
    }
  }
}

/// Leaves the scores of a page's positions, and zeros for the next one's.
__device__ __forceinline__ void leave_scores(
  const scu_attend &a, const attend_memory &m, int place, float (&sums)[4][OWN_ROWS]) {
  const int own = threadIdx.x % 16, row = threadIdx.x / 16 * OWN_ROWS;
#pragma unroll
  for (int k = 0; k < 4; k++) {
    float *to = m.weights + (place + own + 16 * k) * WEIGHT_STRIDE + row;
#pragma unroll
    for (int r = 0; r < OWN_ROWS; r += 4)
      *(float4 *)(to + r) = make_float4(
        score_of(a, sums[k][r]), score_of(a, sums[k][r + 1]), score_of(a, sums[k][r + 2]),
        score_of(a, sums[k][r + 3]));
#pragma unroll
    for (int r = 0; r < OWN_ROWS; r++) sums[k][r] = 0;
  }
}

/// The sum of twice HALF numbers as lanes of a warp add up.
template <int HALF> __device__ __forceinline__ float sum_lanes(float (&x)[32]) {
  if constexpr (HALF == 0) return x[0];
  else {
#pragma unroll
    for (int i = 0; i < HALF; i++) x[i] += x[i + HALF];
    return sum_lanes<HALF / 2>(x);
  }
}

/// Scores become weights; gives the row's greatest score and leaves the sums of its runs.
__device__ __forceinline__ float weigh(
  const many_rows &at, const attend_memory &m, float *most_of_runs) {
  const int row = threadIdx.x % ATTEND_ROWS, first = threadIdx.x / ATTEND_ROWS * OWN_RUNS;
  float most = -INFINITY;
  for (int i = first * 32; i < (first + OWN_RUNS) * 32; i++)
    if (at.sees(row, at.first + i)) most = fmaxf(most, m.weights[i * WEIGHT_STRIDE + row]);
  most_of_runs[threadIdx.x] = most;
  __syncthreads();
  for (int i = row; i < ATTEND_THREADS; i += ATTEND_ROWS) most = fmaxf(most, most_of_runs[i]);
#pragma unroll 1
  for (int run = first; run < first + OWN_RUNS; run++) {
    float x[32];
#pragma unroll
    for (int i = 0; i < 32; i++) {
      float *score = m.weights + (run * 32 + i) * WEIGHT_STRIDE + row;
      x[i] = expf((at.sees(row, at.first + run * 32 + i) ? *score : -INFINITY) - most);
      *score = x[i];
    }
    m.runs[run * ATTEND_ROWS + row] = sum_lanes<16>(x);
  }
  __syncthreads();
  return most;
}

/// Adds a page's values to OWN_ROWS rows by four dimensions.
template <bool INSIDE>
__device__ __forceinline__ void add_values(
  const many_rows &at, const attend_memory &m, int from, int run, float (&totals)[OWN_ROWS][4]) {
  const int own = threadIdx.x % 16 * 4, row = threadIdx.x / 16 * OWN_ROWS;
  const float *weights = m.weights + (from - at.first) * WEIGHT_STRIDE + row;
  for (int start = 0; start < PIECE; start += run) {
    float sums[OWN_ROWS][4] = {};
#pragma unroll 8
    for (int p = start; p < start + run; p++) {
      float w[OWN_ROWS];
      read_weights(weights + p * WEIGHT_STRIDE, w);
      const float4 v = *(const float4 *)(m.piece + p * PIECE_STRIDE + own);
#pragma unroll
      for (int r = 0; r < OWN_ROWS; r++) {
        // What a row does not see it does not touch, whatever it is.
        if (!INSIDE && !at.sees(row + r, from + p)) continue;
        sums[r][0] = fmaf(w[r], v.x, sums[r][0]), sums[r][1] = fmaf(w[r], v.y, sums[r][1]);
        sums[r][2] = fmaf(w[r], v.z, sums[r][2]), sums[r][3] = fmaf(w[r], v.w, sums[r][3]);
      }
    }
#pragma unroll
    for (int r = 0; r < OWN_ROWS; r++)
#pragma unroll
      for (int d = 0; d < 4; d++) totals[r][d] += sums[r][d];
  }
}

/// Where the result of a row's part goes.
struct row_result {
  float *part, *whole;  ///< 0 where it is not the only one

  __device__ __forceinline__ row_result(const scu_attend &a, int row) {
    const int n = a.head_dimension, head = blockIdx.x;
    part = (float *)a.parts
      + (((uint64_t)(row - a.first_row) * a.heads + head) * a.splits + blockIdx.y) * (n + 2);
    whole = a.splits > 1 ? 0 : (float *)a.output + (uint64_t)row * a.output_width + head * n;
  }
};

/// One part of the keys of some rows for one head.
template <class FOUR>
__device__ __forceinline__ void attend_many(
  const scu_attend &a, const many_rows &at, const attend_memory &m) {
  __shared__ float most_of_runs[ATTEND_THREADS];
  const int head = blockIdx.x, n = a.head_dimension, group = head / (a.heads / a.key_heads);
  const int begin = at.start / PIECE * PIECE, columns = (n + PIECE - 1) / PIECE;
  const int count = (at.end - begin + PIECE - 1) / PIECE * columns;
  piece_ahead<FOUR> ahead;
  ahead.read(a, at, 0, group, begin, 0);
  const int row = threadIdx.x / 16 * OWN_ROWS;
  // Rows that are not there are as the last one.
  for (int i = threadIdx.x % 16 * 4; i < n; i += PIECE)
#pragma unroll
    for (int r = 0; r < OWN_ROWS; r++)
      *(float4 *)(m.query + (row + r) * m.stride + i) = *(const float4 *)(
        (const float *)a.query
        + (uint64_t)(at.first_row + min(row + r, at.count - 1)) * a.query_width + head * n + i);
  float scores[4][OWN_ROWS] = {};
#pragma unroll 1
  for (int i = 0; i < count; i++) {
    const int from = ahead.from, column = ahead.column;
    ahead.write(a, at, m.piece);
    // Values come behind the last keys, all pages of some dimensions after the other.
    if (i + 1 < count)
      ahead.read(a, at, 0, group, begin + (i + 1) / columns * PIECE, (i + 1) % columns * PIECE);
    else ahead.read(a, at, 1, group, begin, 0);
    add_scores(a, m, column, scores);
    if (column + PIECE >= n) leave_scores(a, m, from - at.first, scores);
  }
  __syncthreads();
  const float most = weigh(at, m, most_of_runs);
  const int run = value_run(n);
  auto total = [&](int r) {
    float sum = 0;
    for (int i = 0; i < RUNS; i++) sum += m.runs[i * ATTEND_ROWS + r];
    return sum;
  };
  float totals[OWN_ROWS][4] = {};
#pragma unroll 1
  for (int i = 0; i < count; i++) {
    const int from = ahead.from, own = ahead.column + threadIdx.x % 16 * 4;
    const bool is_last = from + PIECE >= at.end;
    ahead.write(a, at, m.piece);
    if (i + 1 < count)
      ahead.read(
        a, at, 1, group, is_last ? begin : from + PIECE, ahead.column + (is_last ? PIECE : 0));
    if (at.is_inside(from)) add_values<true>(at, m, from, run, totals);
    else add_values<false>(at, m, from, run, totals);
    if (!is_last) continue;
#pragma unroll
    for (int r = 0; r < OWN_ROWS; r++) {
      const bool is_own = own < n && at.is_there(row + r);
      const row_result result(a, at.first_row + row + r);
      const float by = result.whole ? total(row + r) : 1;
#pragma unroll
      for (int d = 0; d < 4; d++) {
        if (is_own && result.whole) result.whole[own + d] = totals[r][d] / by;
        else if (is_own) result.part[2 + own + d] = totals[r][d];
        totals[r][d] = 0;
      }
    }
  }
  const int own = threadIdx.x;
  const row_result result(a, at.first_row + own);
  if (!result.whole && at.is_there(own))
    result.part[0] = most, result.part[1] = total(own);
}

/// `attend` of ATTEND_ROWS adjacent rows of the step, of texts one after the other.
extern "C" __global__ void __launch_bounds__(ATTEND_THREADS, ATTEND_BLOCKS) attend_rows(
  const scu_attend a) {
  extern __shared__ __align__(16) float memory[];
  follow();
  const int n = a.head_dimension, last = min((int)(blockIdx.z + 1) * ATTEND_ROWS, a.rows);
  attend_memory m;
  m.stride = (n + 3) / 4 * 4 + 4;
  m.weights = memory, m.piece = m.weights + SCU_SPLIT * WEIGHT_STRIDE;
  m.runs = m.piece + PIECE * PIECE_STRIDE, m.query = m.runs + RUNS * ATTEND_ROWS;
  const scu_row *rows = (const scu_row *)a.rows_of_step + a.first_row;
  int end;
  for (int row = blockIdx.z * ATTEND_ROWS; row < last; row = end) {
    for (end = row + 1; end < last && rows[end].pages == rows[row].pages;) end++;
    many_rows at;
    at.pages = (const uint64_t *)rows[row].pages;
    at.first_row = a.first_row + row, at.count = end - row;
    at.position = rows[row].position;
    at.before = a.window > 0 ? at.position + 1 - a.window : -ATTEND_ROWS;
    at.first = blockIdx.y * SCU_SPLIT;
    at.end = min(at.position + at.count, at.first + SCU_SPLIT);
    at.start = at.row_start(0);
    if (at.start >= at.end) continue;
    __syncthreads();
    if (a.cache_type == 0) attend_many<uint2>(a, at, m);
    else attend_many<float4>(a, at, m);
  }
}
