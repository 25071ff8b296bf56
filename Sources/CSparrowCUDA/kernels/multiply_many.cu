// Products of matrices with many rows of a step, as of a prompt: the bits of `multiply`.
//
// A block multiplies 128 rows of the matrices by ROWS of the step: eight warps, four for the
// matrices' rows by two for the step's. Each warp reads its weights by itself, a line ahead; inputs
// come through shared memory in pieces of 64 columns, STAGES under way. The parts of a sum are
// taken one after the other, and added up in shared memory.
//
// Constants: FORMAT, COLUMN_TILES of eight rows of the step a warp, STAGES.

constexpr int TILES = 2, ROWS = 2 * 8 * COLUMN_TILES, PIECE = 64;
/// Bytes of a stage: the two terms of ROWS rows of a piece, and the sums of its blocks.
constexpr int TERM = ROWS * PIECE * 2, SUMS = BLOCK.minimums ? ROWS * 8 : 0;
constexpr int STAGE = 2 * TERM + SUMS;

/// Where a block is on its way over the columns.
struct place {
  int part, line, half;

  /// On to the next half of a line, or, of `halves` 1, to the next line.
  __device__ __forceinline__ void advance(int count, int run, int halves) {
    if (++half < halves) return;
    half = 0, line = line_after(line, run);
    while (line >= count && part < PARTS) line = ++part * run;
  }
  __device__ __forceinline__ bool is_over() const { return part == PARTS; }
};

/// Lanes that read four rows at once meet no bank twice.
__device__ __forceinline__ int swizzle(int row) { return (row & 1) << 2 | (row & 2); }

/// Queues the copy of a piece of the inputs.
__device__ __forceinline__ void copy_piece(
  const scu_multiply &a, uint8_t *stage, int first_row, int column) {
#pragma unroll
  for (int i = 0; i < ROWS * 16 / (PARTS * 32); i++) {
    const int index = i * PARTS * 32 + threadIdx.x;
    const int term = index / (ROWS * 8), row = index / 8 % ROWS, chunk = index % 8;
    const int of_step = min(first_row + row, a.rows - 1);
    const uint16_t *from = (const uint16_t *)(term ? a.x.low : a.x.high)
      + (uint64_t)of_step * a.x.stride + column + chunk * 8;
    copy_async<16>(
      stage + term * TERM + row * (PIECE * 2) + (chunk ^ swizzle(row)) * 16, from,
      first_row + row < a.rows);
  }
  if (BLOCK.minimums && threadIdx.x < ROWS) {
    const int row = threadIdx.x, of_step = min(first_row + row, a.rows - 1);
    const float *from =
      (const float *)a.x.sums + (uint64_t)of_step * (a.x.stride / 32) + column / 32;
    copy_async<8>(stage + 2 * TERM + row * 8, from, first_row + row < a.rows);
  }
}

/// What a lane takes of eight rows of a piece in a step of 32 columns.
__device__ __forceinline__ step_input read_input(const uint8_t *stage, int first, int s, int lane) {
  const int q = lane % 4, row = first + lane / 4;
  const uint8_t *own = stage + row * (PIECE * 2);
  step_input x;
  if (BLOCK.span == 16) {
    const int a = ((s * 4 + q / 2) ^ swizzle(row)) * 16 + q % 2 * 8;
    const int b = ((s * 4 + 2 + q / 2) ^ swizzle(row)) * 16 + q % 2 * 8;
    const uint2 h[2] = {*(const uint2 *)(own + a), *(const uint2 *)(own + b)};
    const uint2 l[2] = {*(const uint2 *)(own + TERM + a), *(const uint2 *)(own + TERM + b)};
    x.high = make_uint4(h[0].x, h[0].y, h[1].x, h[1].y);
    x.low = make_uint4(l[0].x, l[0].y, l[1].x, l[1].y);
  } else {
    const int at = ((s * 4 + q) ^ swizzle(row)) * 16;
    x.high = *(const uint4 *)(own + at), x.low = *(const uint4 *)(own + TERM + at);
  }
  if (BLOCK.minimums) {
    const float *sums = (const float *)(stage + 2 * TERM) + (first + q * 2) * 2 + s;
    x.sums[0] = sums[0], x.sums[1] = sums[2];
  }
  return x;
}

/// Moves the second half of a line where the first one was.
__device__ __forceinline__ void take_second_half(row_line &l) {
  if (BLOCK.bits == 8) l.numbers[0] = l.numbers[1];
  else l.numbers[0].x = l.numbers[0].z, l.numbers[0].y = l.numbers[0].w;
  if (BLOCK.bits == 5) l.high.x >>= 8;
  if (BLOCK.bits == 6) l.high.x = l.high.y;
  if (BLOCK.span == 16) l.scales[0] = l.scales[1];
  else l.scales[0].x = l.scales[0].y;
  l.minimums.x = l.minimums.y;
}

extern "C" __global__ void __launch_bounds__(PARTS * 32, 1) multiply_many(const scu_multiply a) {
  extern __shared__ __align__(16) uint8_t stages[];  // [STAGES][STAGE], then the totals
  const int warp = threadIdx.x >> 5, lane = threadIdx.x & 31;
  const int first_row = blockIdx.x * ROWS, first = warp % 2 * 8 * COLUMN_TILES;
  const int index = blockIdx.y * 8 + warp / 2 * TILES;
  const scu_planes planes = row_planes(a.products[0].matrix.stride);
  const int count = a.products[0].matrix.stride / LINE, run = run_of(count);
  const tile tiles[TILES] = {
    find_tile(a, index, lane, planes.bytes),
    find_tile(a, index + 1, lane, planes.bytes)};
  row_line next[TILES][2];
  place weights = {0, 0, 0}, inputs = {0, 0, 0};
#pragma unroll
  for (int i = 0; i < TILES * 2; i++)
    load_line(next[i / 2][i % 2], tiles[i / 2].rows[i % 2], planes, 0, lane);
  follow();
#pragma unroll
  for (int i = 0; i < STAGES - 1; i++) {
    if (!inputs.is_over())
      copy_piece(a, stages + i * STAGE, first_row, inputs.line * LINE + inputs.half * PIECE);
    end_copies();
    inputs.advance(count, run, LINE / PIECE);
  }
  // [warps][TILES][COLUMN_TILES][4][32]
  float *totals =
    (float *)(stages + STAGES * STAGE) + warp * TILES * COLUMN_TILES * 128 + lane;
#pragma unroll 1
  for (int i = 0; i < TILES * COLUMN_TILES * 4; i++) totals[i * 32] = 0;
  float sum[TILES][COLUMN_TILES][4] = {};
  const unpacking by;
  int slot = 0;
#pragma unroll 1
  while (!weights.is_over()) {
    row_line now[TILES][2];
#pragma unroll
    for (int i = 0; i < TILES * 2; i++) now[i / 2][i % 2] = next[i / 2][i % 2];
    const int part = weights.part;
    weights.advance(count, run, 1);
    if (!weights.is_over())
#pragma unroll
      for (int i = 0; i < TILES * 2; i++)
        load_line(next[i / 2][i % 2], tiles[i / 2].rows[i % 2], planes, weights.line, lane);
#pragma unroll 1
    for (int half = 0; half < LINE / PIECE; half++) {
      wait_for_copies<STAGES - 2>();
      __syncthreads();
      const int free = slot == 0 ? STAGES - 1 : slot - 1;
      if (!inputs.is_over())
        copy_piece(
          a, stages + free * STAGE, first_row, inputs.line * LINE + inputs.half * PIECE);
      end_copies();
      inputs.advance(count, run, LINE / PIECE);
      const uint8_t *stage = stages + slot * STAGE;
      add_steps<PIECE / 32>(sum, now, by, [&](int k, int c) {
        return read_input(stage, first + c * 8, k, lane);
      });
      slot = slot + 1 == STAGES ? 0 : slot + 1;
#pragma unroll
      for (int i = 0; i < TILES * 2; i++)
        if (!IS_FLOAT) take_second_half(now[i / 2][i % 2]);
    }
    if (weights.part == part) continue;
#pragma unroll
    for (int t = 0; t < TILES; t++)
#pragma unroll
      for (int c = 0; c < COLUMN_TILES; c++)
#pragma unroll
        for (int i = 0; i < 4; i++)
          totals[((t * COLUMN_TILES + c) * 4 + i) * 32] += sum[t][c][i], sum[t][c][i] = 0;
  }
#pragma unroll 1
  for (int e = 0; e < TILES * COLUMN_TILES * 4; e++) {
    const int i = e % 4, c = e / 4 % COLUMN_TILES, t = e / (4 * COLUMN_TILES);
    const int row = first_row + first + c * 8 + lane % 4 * 2 + i % 2;
    if (row >= a.rows) continue;
    const float y = totals[e * 32] * ((const float *)a.x.scales)[row];
    store(a, index + t, lane / 4 + i / 2 * 8, row, y);
  }
}
