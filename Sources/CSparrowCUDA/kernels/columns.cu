// Sums of chosen columns times their values. A block has SUM_WIDTH elements of a row's output,
// eight a lane; the columns that its lanes take at a time are summed up by their places in the
// row's list.
//
// Constants: FORMAT of the matrices, as `scu_columns_format` has it; SUM_LANES that take a column.

constexpr int SUM_WARPS = 16, SUM_WIDTH = 8 * SUM_LANES, AT_ONCE = 4;
/// Columns that a block takes at a time.
constexpr int PLACES = SUM_WARPS * 32 / SUM_LANES;

/// Eight elements of a column.
struct eight {
#if FORMAT == 0  // float32
  uint4 w[2];
#elif FORMAT == 3  // blocks
  uint2 codes;
  uint4 scales, minimums;
#else
  uint4 w;
#endif
};

__device__ __forceinline__ void fetch(
  eight &e, const scu_columns &m, int column, int first, bool is_read) {
  const uint64_t at = (uint64_t)column * m.stride + first;
  const uint4 none = make_uint4(0, 0, 0, 0);
#if FORMAT == 0
  e.w[0] = is_read ? load_once((const float *)m.weights + at) : none;
  e.w[1] = is_read ? load_once((const float *)m.weights + at + 4) : none;
#elif FORMAT == 3
  const uint64_t block = (uint64_t)(column / m.span) * m.stride + first;
  const uint16_t *minimums = (const uint16_t *)m.minimums;
  e.codes = is_read ? __ldg((const uint2 *)((const char *)m.weights + at)) : make_uint2(0, 0);
  e.scales = is_read ? __ldg((const uint4 *)((const uint16_t *)m.scales + block)) : none;
  e.minimums = is_read && minimums ? __ldg((const uint4 *)(minimums + block)) : none;
#else
  e.w = is_read ? load_once((const uint16_t *)m.weights + at) : none;
#endif
}

__device__ __forceinline__ void add(float (&sum)[8], const eight &e, float y) {
#if FORMAT == 0
#pragma unroll
  for (int i = 0; i < 8; i++) {
    const uint4 v = e.w[i / 4];
    const uint32_t u = i % 4 == 0 ? v.x : i % 4 == 1 ? v.y : i % 4 == 2 ? v.z : v.w;
    sum[i] = fmaf(__uint_as_float(u), y, sum[i]);
  }
#elif FORMAT == 3
  const uint32_t codes[2] = {e.codes.x, e.codes.y};
  const uint32_t scales[4] = {e.scales.x, e.scales.y, e.scales.z, e.scales.w};
  const uint32_t least[4] = {e.minimums.x, e.minimums.y, e.minimums.z, e.minimums.w};
#pragma unroll
  for (int i = 0; i < 8; i++) {
    const float code = (float)(int8_t)(codes[i / 4] >> i % 4 * 8);
    const float scale = from_half((uint16_t)(scales[i / 2] >> i % 2 * 16));
    sum[i] = fmaf(fmaf(code, scale, from_half((uint16_t)(least[i / 2] >> i % 2 * 16))), y, sum[i]);
  }
#else
  const uint32_t w[4] = {e.w.x, e.w.y, e.w.z, e.w.w};
#pragma unroll
  for (int i = 0; i < 4; i++) {
#if FORMAT == 1
    sum[2 * i] = fmaf(from_half((uint16_t)w[i]), y, sum[2 * i]);
    sum[2 * i + 1] = fmaf(from_half((uint16_t)(w[i] >> 16)), y, sum[2 * i + 1]);
#else
    sum[2 * i] = fmaf(low(w[i]), y, sum[2 * i]);
    sum[2 * i + 1] = fmaf(high(w[i]), y, sum[2 * i + 1]);
#endif
  }
#endif
}

extern "C" __global__ void __launch_bounds__(SUM_WARPS * 32) column_sums(const scu_column_sums a) {
  __shared__ float parts[SUM_WARPS][SUM_WIDTH];
  __shared__ int read[SUM_WARPS];
  follow();
  const int row = blockIdx.y, tile = blockIdx.x;
  const int warp = threadIdx.x >> 5, lane = threadIdx.x & 31, part = lane % SUM_LANES * 8;
  int product = 0;
  while (product + 1 < a.count && tile >= a.sums[product + 1].first_tile) product++;
  const scu_column_sum &s = a.sums[product];
  const int first = (tile - s.first_tile) * SUM_WIDTH;
  const int count = __ldcg((const int *)a.chosen.counts + row) * a.group;
  const int *list = (const int *)a.chosen.indices + (uint64_t)row * a.chosen.width;
  const float *values = (const float *)a.values + (uint64_t)row * a.values_width;
  const int start = (warp * 32 + lane) / SUM_LANES;
  auto find = [&](int (&columns)[AT_ONCE], int base) {
#pragma unroll
    for (int u = 0; u < AT_ONCE; u++) {
      const int i = min(base + u * PLACES, count - 1);
      columns[u] =
        a.group == 1 ? __ldcg(list + i) : __ldcg(list + i / a.group) * a.group + i % a.group;
    }
  };
  float sum[8] = {};
  int own = 0, next[AT_ONCE];
  if (start < count) find(next, start);
#pragma unroll 1
  for (int base = start; base < count; base += AT_ONCE * PLACES) {
    int columns[AT_ONCE];
    float y[AT_ONCE];
    eight e[AT_ONCE];
#pragma unroll
    for (int u = 0; u < AT_ONCE; u++) {
      columns[u] = next[u];
      y[u] = __ldcg(values + columns[u]);
      // What is no number is read.
      if (base + u * PLACES >= count || fabsf(y[u]) < a.least) y[u] = 0;
    }
    find(next, base + AT_ONCE * PLACES);
#pragma unroll
    for (int u = 0; u < AT_ONCE; u++) fetch(e[u], s.matrix, columns[u], first + part, y[u] != 0);
#pragma unroll
    for (int u = 0; u < AT_ONCE; u++) add(sum, e[u], y[u]), own += y[u] != 0;
  }
#pragma unroll
  for (int i = 0; i < 8; i++)
    for (int m = SUM_LANES; m < 32; m <<= 1) sum[i] += __shfl_xor_sync(~0u, sum[i], m);
  for (int m = SUM_LANES; m < 32; m <<= 1) own += __shfl_xor_sync(~0u, own, m);
  if (lane < SUM_LANES)
#pragma unroll
    for (int i = 0; i < 8; i++) parts[warp][part + i] = sum[i];
  if (lane == 0) read[warp] = own;
  __syncthreads();
  if (warp != 0 || lane >= SUM_WIDTH) return;
  float y = 0;
  int columns = 0;
  for (int w = 0; w < SUM_WARPS; w++) y += parts[w][lane], columns += read[w];
  const int out = first + lane;
  if (out < s.matrix.rows) {
    if (s.bias) y += ((const float *)s.bias)[out];
    float *to = (float *)s.output + (uint64_t)row * s.width + out;
    *to = a.adds ? *to + y : y;
  }
  if (tile == 0 && lane == 0 && a.reads)
    atomicAdd(&((scu_reads *)a.reads)->columns, (unsigned long long)columns);
}
