// Products of matrices with the rows of a step, by matrix units.
//
// A warp multiplies tiles of 16 rows of the matrix by up to 8 * COLUMN_TILES rows of the step. The
// eight warps of a block are the parts of a sum.
//
// Constants: FORMAT of the matrices; TILES a block, COLUMN_TILES, DEPTH lines that a warp has under
// way; LISTED 1 where a list on the device says which rows are multiplied.

/// What a lane takes of eight rows of the step in a step of 32 columns.
__device__ __forceinline__ step_input load_input(
  const scu_prepared &from, int first_row, int end, int column, int lane) {
  step_input x;
  x.high = x.low = make_uint4(0, 0, 0, 0);
  x.sums[0] = x.sums[1] = 0;
  const int q = lane % 4, row = first_row + lane / 4;
  if (row < end) {
    const uint64_t at = (uint64_t)row * from.stride + column + q * (BLOCK.span == 16 ? 4 : 8);
    const uint16_t *high = (const uint16_t *)from.high + at;
    const uint16_t *low = (const uint16_t *)from.low + at;
    if (BLOCK.span == 16) {
      const uint2 h[2] = {*(const uint2 *)high, *(const uint2 *)(high + 16)};
      const uint2 l[2] = {*(const uint2 *)low, *(const uint2 *)(low + 16)};
      x.high = make_uint4(h[0].x, h[0].y, h[1].x, h[1].y);
      x.low = make_uint4(l[0].x, l[0].y, l[1].x, l[1].y);
    } else {
      x.high = *(const uint4 *)high, x.low = *(const uint4 *)low;
    }
  }
  if (BLOCK.minimums) {
    const int stride = from.stride / 32;
#pragma unroll
    for (int i = 0; i < 2; i++)
      if (first_row + q * 2 + i < end)
        x.sums[i] = ((const float *)from.sums)[(first_row + q * 2 + i) * stride + column / 32];
  }
  return x;
}

struct lines {
  row_line rows[TILES][2];
};

__device__ __forceinline__ void load_lines(
  lines &l, const tile (&tiles)[TILES], const scu_planes &p, int line, int count, int lane) {
  if (line >= count) return;
#pragma unroll
  for (int t = 0; t < TILES; t++)
#pragma unroll
    for (int i = 0; i < 2; i++) load_line(l.rows[t][i], tiles[t].rows[i], p, line, lane);
}

/// A block's tiles. `input` waits for the kernel before and says where the prepared rows are; `sums`
/// has room for [PARTS][TILES][COLUMN_TILES][4][32].
template <typename Input>
__device__ __forceinline__ void multiply_tiles(const scu_multiply &a, float *sums, Input input) {
  const int warp = threadIdx.x >> 5, lane = threadIdx.x & 31;
  listed_rows listed = {0, 0};
  int first_row = blockIdx.y * 8 * COLUMN_TILES, end = min(a.rows, first_row + 8 * COLUMN_TILES);
  if (LISTED) {
    follow();
    if (a.list_stride) first_row = blockIdx.y, end = first_row + 1;
    listed.rows = (const int32_t *)a.list + (uint64_t)first_row * a.list_stride;
    listed.count = ((const int32_t *)a.list_count)[a.list_stride ? first_row : 0];
    const int index = blockIdx.x * TILES;
    if ((index - a.products[product_of(a, index)].first_tile) * 16 >= listed.count) return;
  }
  const scu_planes planes = planes_of(a);
  const int count = a.products[0].matrix.stride / LINE;
  tile tiles[TILES];
#pragma unroll
  for (int t = 0; t < TILES; t++)
    tiles[t] = find_tile(a, blockIdx.x * TILES + t, lane, planes.bytes, listed);
  float sum[TILES][COLUMN_TILES][4] = {};
  // Weights do not depend on the kernel before.
  lines under_way[DEPTH] = {};
#pragma unroll
  for (int d = 0; d < DEPTH; d++)
    load_lines(under_way[d], tiles, planes, warp + d * PARTS, count, lane);
  const scu_prepared from = input();
#pragma unroll 1
  for (int base = warp; base < count; base += DEPTH * PARTS) {
#pragma unroll
    for (int d = 0; d < DEPTH; d++) {
      const int line = base + d * PARTS;
      const lines now = under_way[d];
      load_lines(under_way[d], tiles, planes, line + DEPTH * PARTS, count, lane);
      if (line >= count) continue;
#pragma unroll
      for (int s = 0; s < STEPS; s++) {
        uint4 upper[TILES], lower[TILES];
#pragma unroll
        for (int t = 0; t < TILES; t++) {
          upper[t] = fragment(now.rows[t][0], s);
          lower[t] = fragment(now.rows[t][1], s);
        }
#pragma unroll
        for (int c = 0; c < COLUMN_TILES; c++) {
          const step_input x =
            load_input(from, first_row + c * 8, end, line * LINE + 32 * s, lane);
#pragma unroll
          for (int t = 0; t < TILES; t++)
            add_step(
              sum[t][c], now.rows[t][0], now.rows[t][1], s, upper[t], lower[t], x);
        }
      }
    }
  }
#pragma unroll
  for (int t = 0; t < TILES; t++)
#pragma unroll
    for (int c = 0; c < COLUMN_TILES; c++)
#pragma unroll
      for (int i = 0; i < 4; i++)
        sums[(((warp * TILES + t) * COLUMN_TILES + c) * 4 + i) * 32 + lane] = sum[t][c][i];
  __syncthreads();
  // Element i of a lane: row lane / 4 (+ 8 for i of 2 and 3), column lane % 4 * 2 (+ 1 for odd i).
  constexpr int elements = TILES * COLUMN_TILES * 128;
  for (int e = threadIdx.x; e < elements; e += PARTS * 32) {
    float total = 0;
#pragma unroll
    for (int w = 0; w < PARTS; w++) total += sums[w * elements + e];
    const int l = e % 32, i = e / 32 % 4, c = e / 128 % COLUMN_TILES, t = e / (128 * COLUMN_TILES);
    const int row = first_row + c * 8 + l % 4 * 2 + i % 2;
    if (row >= end) continue;
    total *= ((const float *)from.scales)[row];
    store(a, blockIdx.x * TILES + t, l / 4 + i / 2 * 8, row, total, listed);
  }
}

extern "C" __global__ void __launch_bounds__(PARTS * 32) multiply(const scu_multiply a) {
  extern __shared__ float sums[];
  multiply_tiles(a, sums, [&] {
    if (!LISTED) follow();
    return a.x;
  });
}
