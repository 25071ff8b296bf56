// Products of matrices with the rows of a step, by matrix units.
//
// A warp multiplies tiles of 16 rows of the matrix by up to 8 * COLUMN_TILES rows of the step. The
// eight warps of a block share out the columns of their tiles: of each 512, warp w takes 64 from
// 64 w on, a line of weights. Sums of the warps are added in their order. So every sum has one
// order, whatever the rows of the step.
//
// Constants: TILES a block, COLUMN_TILES, DEPTH lines that a warp has under way, HALF weights or
// bfloats.

constexpr int WARPS = 8, LINE = 64, CHUNK = WARPS * LINE;

/// sum += a · b: 16 rows of weights by 8 rows of the step over 16 columns.
__device__ __forceinline__ void mma(
  float (&sum)[4], uint32_t a0, uint32_t a1, uint32_t a2, uint32_t a3, uint32_t b0, uint32_t b1) {
#if HALF
  asm volatile(
    "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, "
    "{%0,%1,%2,%3};"
#else
  asm volatile(
    "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, "
    "{%0,%1,%2,%3};"
#endif
    : "+f"(sum[0]), "+f"(sum[1]), "+f"(sum[2]), "+f"(sum[3])
    : "r"(a0), "r"(a1), "r"(a2), "r"(a3), "r"(b0), "r"(b1));
}

/// The same over 32 columns, of which a lane holds eight: which of them a unit takes together does
/// not matter, as long as both sides agree.
__device__ __forceinline__ void mma32(float (&sum)[4], uint4 u, uint4 v, uint4 x) {
  mma(sum, u.x, v.x, u.y, v.y, x.x, x.y);
  mma(sum, u.z, v.z, u.w, v.w, x.z, x.w);
}

struct tile {
  const uint16_t *rows[2];  ///< this lane's rows g and g + 8, from its columns on
  int product, first;       ///< of a.products; the tile's first row
};

__device__ __forceinline__ tile find_tile(const scu_multiply &a, int index, int lane) {
  tile t;
  index = min(index, a.tiles - 1);
  t.product = 0;
  while (t.product + 1 < a.count && index >= a.products[t.product + 1].first_tile) t.product++;
  const scu_product &p = a.products[t.product];
  t.first = (index - p.first_tile) * 16;
  for (int i = 0; i < 2; i++) {
    const int row = min(t.first + lane / 4 + 8 * i, p.matrix.rows - 1);
    t.rows[i] = (const uint16_t *)p.matrix.weights + (uint64_t)row * p.matrix.stride + lane % 4 * 8;
  }
  return t;
}

/// One line of 64 columns of a tile: two steps of 32.
struct line {
  uint4 w[TILES][2][2];
};

__device__ __forceinline__ void load(line &l, const tile (&tiles)[TILES], int column, int stride) {
#pragma unroll
  for (int t = 0; t < TILES; t++)
#pragma unroll
    for (int s = 0; s < 2; s++)
#pragma unroll
      for (int i = 0; i < 2; i++)
        l.w[t][s][i] = column + 32 * s < stride ? load_once(tiles[t].rows[i] + column + 32 * s)
                                                : make_uint4(0, 0, 0, 0);
}

extern "C" __global__ void __launch_bounds__(WARPS * 32) multiply(const scu_multiply a) {
  extern __shared__ float sums[];  // [WARPS][TILES][COLUMN_TILES][32][4]
  const int warp = threadIdx.x >> 5, lane = threadIdx.x & 31;
  const int first_row = blockIdx.y * 8 * COLUMN_TILES, stride = a.x.stride;
  tile tiles[TILES];
#pragma unroll
  for (int t = 0; t < TILES; t++) tiles[t] = find_tile(a, blockIdx.x * TILES + t, lane);
  float sum[TILES][COLUMN_TILES][4] = {};
  // Weights do not depend on the kernel before.
  line under_way[DEPTH];
#pragma unroll
  for (int d = 0; d < DEPTH; d++) load(under_way[d], tiles, warp * LINE + d * CHUNK, stride);
  follow();
  const uint16_t *high = (const uint16_t *)a.x.high + lane % 4 * 8;
  const uint16_t *low = (const uint16_t *)a.x.low + lane % 4 * 8;
#pragma unroll 1
  for (int base = warp * LINE; base < stride; base += DEPTH * CHUNK) {
#pragma unroll
    for (int d = 0; d < DEPTH; d++) {
      const int column = base + d * CHUNK;
      const line now = under_way[d];
      load(under_way[d], tiles, column + DEPTH * CHUNK, stride);
#pragma unroll
      for (int s = 0; s < 2; s++) {
        const int at = column + 32 * s;
        if (at >= stride) continue;
#pragma unroll
        for (int c = 0; c < COLUMN_TILES; c++) {
          const int row = first_row + c * 8 + lane / 4;
          uint4 h = make_uint4(0, 0, 0, 0), l = h;
          if (row < a.rows) {
            h = *(const uint4 *)(high + (uint64_t)row * stride + at);
            l = *(const uint4 *)(low + (uint64_t)row * stride + at);
          }
#pragma unroll
          for (int t = 0; t < TILES; t++) {
            mma32(sum[t][c], now.w[t][s][0], now.w[t][s][1], h);
            mma32(sum[t][c], now.w[t][s][0], now.w[t][s][1], l);
          }
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
  const int per_warp = TILES * COLUMN_TILES * 128;
  for (int e = threadIdx.x; e < per_warp; e += WARPS * 32) {
    float total = 0;
#pragma unroll
    for (int w = 0; w < WARPS; w++) total += sums[w * per_warp + e];
    const int l = e % 32, i = e / 32 % 4, c = e / 128 % COLUMN_TILES, t = e / (128 * COLUMN_TILES);
    const int index = blockIdx.x * TILES + t;
    const int row = first_row + c * 8 + l % 4 * 2 + i % 2;
    if (index >= a.tiles || row >= a.rows) continue;
    int product = 0;
    while (product + 1 < a.count && index >= a.products[product + 1].first_tile) product++;
    const scu_product &p = a.products[product];
    const int out = (index - p.first_tile) * 16 + l / 4 + i / 2 * 8;
    if (out >= p.matrix.rows) continue;
    float y = total * ((const float *)a.x.scales)[row];
    if (p.bias) y += ((const float *)p.bias)[out];
    float *to = (float *)p.output + (uint64_t)row * p.width + out;
    *to = a.adds ? *to + y : y;
  }
}

/// The same for float32 matrices, a warp a row of the matrix.
extern "C" __global__ void multiply_floats(const scu_multiply a) {
  follow();
  const int warp = threadIdx.x >> 5, lane = threadIdx.x & 31;
  const int index = blockIdx.x, row = blockIdx.y;
  int product = 0;
  while (product + 1 < a.count && index >= a.products[product + 1].first_tile) product++;
  const scu_product &p = a.products[product];
  const float *x = (const float *)a.input + (uint64_t)row * a.input_width;
  for (int r = warp; r < 16; r += blockDim.x >> 5) {
    const int out = (index - p.first_tile) * 16 + r;
    if (out >= p.matrix.rows) continue;
    const float *w = (const float *)p.matrix.weights + (uint64_t)out * p.matrix.stride;
    float sum = 0;
    for (int i = lane; i < p.matrix.columns; i += 32) sum = fmaf(w[i], x[i], sum);
    sum = warp_sum(sum);
    if (lane != 0) continue;
    if (p.bias) sum += ((const float *)p.bias)[out];
    float *to = (float *)p.output + (uint64_t)row * p.width + out;
    *to = a.adds ? *to + sum : sum;
  }
}
