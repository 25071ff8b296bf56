// Sums of chosen columns times their values, each column read once for all rows of the step.
//
// A block has WIDTH elements of an output, OUTS a lane, and a part of the columns, of which each of
// its warps has a part again. The parts are cut by the numbers of the columns: a warp adds up the
// columns of its part that a row chose, in their order; the warps' sums are added in their order;
// and so are the blocks', by the block that comes last. For rows that did not choose a column it
// counts zero times, which changes no bit.
//
// Constants: FORMAT of the matrices, as `scu_columns_format` has it; ROWS of the step that a block
// takes, 8 at most.

/// Parts of the columns at most, one a block.
constexpr int MOST = 8;
constexpr int SUM_WARPS = 8, OUTS = 8, WIDTH = 32 * OUTS;
/// Columns that a warp loads at once; while it adds them up it loads as many again.
constexpr int AT_ONCE = FORMAT == 0 || FORMAT == 3 || ROWS > 4 ? 4 : 8;

/// A lane's elements of a column.
struct piece {
#if FORMAT == 0  // float32
  uint32_t w[OUTS];
#elif FORMAT == 3  // blocks
  uint32_t codes[OUTS / 4], scales[OUTS / 2], minimums[OUTS / 2];
#else
  uint32_t w[OUTS / 2];
#endif
};

template <int WORDS> __device__ __forceinline__ void load(uint32_t (&to)[WORDS], const void *from) {
  if constexpr (WORDS == 1) {
    to[0] = __ldg((const uint32_t *)from);
  } else if constexpr (WORDS == 2) {
    const uint2 v = __ldg((const uint2 *)from);
    to[0] = v.x, to[1] = v.y;
  } else {
#pragma unroll
    for (int i = 0; i < WORDS; i += 4) {
      const uint4 v = load_once((const uint32_t *)from + i);
      to[i] = v.x, to[i + 1] = v.y, to[i + 2] = v.z, to[i + 3] = v.w;
    }
  }
}

__device__ __forceinline__ void fetch(piece &p, const scu_columns &m, int column, int first) {
  const uint64_t at = (uint64_t)column * m.stride + first;
#if FORMAT == 0
  load(p.w, (const float *)m.weights + at);
#elif FORMAT == 3
  const uint64_t block = (uint64_t)(column / m.span) * m.stride + first;
  load(p.codes, (const char *)m.weights + at);
  load(p.scales, (const uint16_t *)m.scales + block);
#pragma unroll
  for (int i = 0; i < OUTS / 2; i++) p.minimums[i] = 0;
  if (m.minimums) load(p.minimums, (const uint16_t *)m.minimums + block);
#else
  load(p.w, (const uint16_t *)m.weights + at);
#endif
}

/// Element i.
__device__ __forceinline__ float element(const piece &p, int i) {
#if FORMAT == 0
  return __uint_as_float(p.w[i]);
#elif FORMAT == 3
  const float code = (float)(int8_t)(p.codes[i / 4] >> i % 4 * 8);
  const int half = i % 2 * 16;
  return fmaf(
    code, from_half((uint16_t)(p.scales[i / 2] >> half)),
    from_half((uint16_t)(p.minimums[i / 2] >> half)));
#elif FORMAT == 1
  return from_half((uint16_t)(p.w[i / 2] >> i % 2 * 16));
#else
  return i % 2 ? high(p.w[i / 2]) : low(p.w[i / 2]);
#endif
}

/// What a warp knows of 32 members of the union: the columns that a row counts, and how often each
/// row does.
struct chunk {
  int columns[32];
  float values[32][ROWS];
};

/// Finds the columns of members from `i` on; returns how many there are. `own` counts them for every
/// row.
__device__ __forceinline__ int fill_chunk(
  chunk &to, const scu_column_sums &a, int first_row, int i, int end, int lane, int &own) {
  const int column = __ldcg((const int *)a.chosen.members + min(i + lane, end - 1));
  const int words = (a.chosen.width + 31) / 32, number = column / a.chosen.group;
  float values[ROWS];
  uint32_t marks[ROWS];
#pragma unroll
  for (int r = 0; r < ROWS; r++) {
    const int row = min(first_row + r, a.rows - 1);
    marks[r] = __ldcg((const uint32_t *)a.chosen.marks + row * words + number / 32);
    values[r] = __ldcg((const float *)a.values + (uint64_t)row * a.values_width + column);
  }
  bool is_wanted = false;
#pragma unroll
  for (int r = 0; r < ROWS; r++) {
    // What is no number is read.
    const bool counts = i + lane < end && first_row + r < a.rows && (marks[r] >> number % 32 & 1)
      && !(fabsf(values[r]) < a.least) && values[r] != 0;
    if (!counts) values[r] = 0;
    own += counts, is_wanted |= counts;
  }
  const uint32_t wanted = __ballot_sync(~0u, is_wanted);
  // The columns of the chunk before have been added.
  __syncwarp();
  if (is_wanted) {
    const int place = __popc(wanted & ((1u << lane) - 1));
    to.columns[place] = column;
#pragma unroll
    for (int r = 0; r < ROWS; r++) to.values[place][r] = values[r];
  }
  __syncwarp();
  return __popc(wanted);
}

__device__ __forceinline__ void fetch_all(
  piece (&p)[AT_ONCE], const scu_columns &m, const chunk &c, int from, int count, int first) {
#pragma unroll
  for (int u = 0; u < AT_ONCE; u++)
    if (from + u < count) fetch(p[u], m, c.columns[from + u], first);
}

__device__ __forceinline__ void add_all(
  float (&sum)[ROWS][OUTS], const piece (&p)[AT_ONCE], const chunk &c, int from, int count) {
#pragma unroll
  for (int u = 0; u < AT_ONCE; u++) {
    if (from + u >= count) break;
    float w[OUTS];
#pragma unroll
    for (int o = 0; o < OUTS; o++) w[o] = element(p[u], o);
#pragma unroll
    for (int r = 0; r < ROWS; r++) {
      const float y = c.values[from + u][r];
#pragma unroll
      for (int o = 0; o < OUTS; o++) sum[r][o] = fmaf(w[o], y, sum[r][o]);
    }
  }
}

extern "C" __global__ void __launch_bounds__(SUM_WARPS * 32) column_sums(const scu_column_sums a) {
  // [SUM_WARPS] chunks; then the warps' sums [SUM_WARPS][ROWS][WIDTH].
  extern __shared__ __align__(16) uint8_t memory[];
  __shared__ bool is_last;
  follow();
  const int warp = threadIdx.x >> 5, lane = threadIdx.x & 31;
  const int first_row = blockIdx.z * ROWS, rows = min(ROWS, a.rows - first_row);
  int product = 0, tile = blockIdx.x, outputs = 0, before = 0;
  for (int i = 0; i < SCU_PRODUCTS; i++) outputs += a.sums[i].matrix.stride;
  while (tile * WIDTH >= a.sums[product].matrix.stride) {
    before += a.sums[product].matrix.stride;
    tile -= (a.sums[product++].matrix.stride + WIDTH - 1) / WIDTH;
  }
  const scu_column_sum &s = a.sums[product];
  // What lies beyond the matrix goes nowhere.
  const int first = min(tile * WIDTH + lane * OUTS, s.matrix.stride - OUTS);
  const int words = (s.matrix.columns + 31) / 32, parts = gridDim.y * SUM_WARPS;
  const int each = (words + parts - 1) / parts, part = blockIdx.y * SUM_WARPS + warp;
  const int *starts = (const int *)a.chosen.starts;
  const int begin = __ldcg(starts + min(part * each, words));
  const int end = __ldcg(starts + min((part + 1) * each, words));
  float sum[ROWS][OUTS] = {};
  int own = 0;
  chunk &known = ((chunk *)memory)[warp];
#pragma unroll 1
  for (int i = begin; i < end; i += 32) {
    const int count = fill_chunk(known, a, first_row, i, end, lane, own);
    piece now[AT_ONCE], next[AT_ONCE];
    fetch_all(now, s.matrix, known, 0, count, first);
#pragma unroll 1
    for (int from = 0; from < count; from += 2 * AT_ONCE) {
      fetch_all(next, s.matrix, known, from + AT_ONCE, count, first);
      add_all(sum, now, known, from, count);
      fetch_all(now, s.matrix, known, from + 2 * AT_ONCE, count, first);
      add_all(sum, next, known, from + AT_ONCE, count);
    }
  }
  if (a.reads && blockIdx.x == 0) {
    for (int m = 16; m; m >>= 1) own += __shfl_xor_sync(~0u, own, m);
    if (lane == 0 && own > 0)
      atomicAdd(&((scu_reads *)a.reads)->columns, (unsigned long long)own);
  }
  float *sums = (float *)memory;
  __syncthreads();
#pragma unroll
  for (int i = 0; i < ROWS * OUTS; i += 4)
    *(float4 *)(sums + (warp * ROWS + i / OUTS) * WIDTH + lane * OUTS + i % OUTS) =
      *(const float4 *)(sum[i / OUTS] + i % OUTS);
  __syncthreads();
  // A thread has an element of the output.
  static_assert(WIDTH == SUM_WARPS * 32, "a thread for each");
  const int out = tile * WIDTH + threadIdx.x;
  auto write = [&](int r, float y) {
    if (out >= s.matrix.rows) return;
    if (s.bias) y += ((const float *)s.bias)[out];
    float *to = (float *)s.output + (uint64_t)(first_row + r) * s.width + out;
    *to = a.adds ? *to + y : y;
  };
  auto partial = [&](int block, int r) {
    return (float *)a.parts + ((uint64_t)block * a.rows + first_row + r) * outputs + before + out;
  };
  const bool has_output = out < s.matrix.stride;
  for (int r = 0; has_output && r < rows; r++) {
    float y = 0;
#pragma unroll
    for (int w = 0; w < SUM_WARPS; w++) y += sums[(w * ROWS + r) * WIDTH + threadIdx.x];
    if (gridDim.y == 1) write(r, y);
    else *partial(blockIdx.y, r) = y;
  }
  if (gridDim.y == 1) return;
  __syncthreads();
  if (threadIdx.x == 0) {
    __threadfence();
    int *arrivals = (int *)a.arrivals + blockIdx.z * gridDim.x + blockIdx.x;
    is_last = atomicAdd(arrivals, 1) == (int)gridDim.y - 1;
    if (is_last) *arrivals = 0;
    __threadfence();
  }
  __syncthreads();
  if (!is_last || !has_output) return;
#pragma unroll 1
  for (int from = 0; from < rows; from += 4) {
    float parts[4][MOST];
#pragma unroll
    for (int i = 0; i < 4 * MOST; i++) {
      const int r = from + i / MOST, block = i % MOST;
      const bool is_there = r < rows && block < (int)gridDim.y;
      parts[i / MOST][block] = is_there ? __ldcg(partial(block, r)) : 0;
    }
#pragma unroll
    for (int i = 0; i < 4; i++) {
      float y = 0;
#pragma unroll
      for (int block = 0; block < MOST; block++) y += parts[i][block];
      if (from + i < rows) write(from + i, y);
    }
  }
}
