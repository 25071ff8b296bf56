// A warp's reading of 16 rows of a matrix, of which a lane has rows lane / 4 and lane / 4 + 8, in
// lines of columns; and what it hands to the matrix units.
//
// Numbers of blocks are small integers, which halves hold exactly: products and sums of a block are
// exact about them, and its scale is applied once, in float32.
//
// Constant: FORMAT of the matrix.

constexpr scu_block BLOCK = scu_block_of(FORMAT);
constexpr bool IS_FLOAT = BLOCK.bits == 0;
/// Columns of a line.
constexpr int LINE = IS_FLOAT ? 64 : SCU_LINE;

/// One order of sums for every launch: lines come in runs, of each eight runs the first is the first
/// part's, the second the second's, and so on; a part adds up its lines, and the parts are added in
/// their order. So a row of a matrix and a row of the step give the same bits, whatever else a
/// launch multiplies.
constexpr int PARTS = 8;

/// Lines of a run, a power of two: of wide matrices so many that a part reads whole sectors of scales.
__device__ __forceinline__ int run_of(int lines) {
  return !IS_FLOAT && lines >= PARTS * SCU_RUN ? SCU_RUN : 1;
}

__device__ __forceinline__ bool begins_run(int line, int run) { return (line & (run - 1)) == 0; }

/// The part's line after this one.
__device__ __forceinline__ int line_after(int line, int run) {
  return begins_run(line + 1, run) ? line + 1 + (PARTS - 1) * run : line + 1;
}

/// A lane's rows of a tile.
struct tile {
  const uint8_t *rows[2];
};

/// The planes of a row and its bytes.
__device__ __forceinline__ scu_planes row_planes(int stride) {
  if (!IS_FLOAT) return scu_planes_of(BLOCK, stride);
  scu_planes p = {0, 0, 0, stride * 2};
  return p;
}

/// The tile of an index among those of all products.
__device__ __forceinline__ tile find_tile(
  const scu_multiply &a, int index, int lane, int bytes) {
  index = min(index, a.tiles - 1);
  const scu_product &p = a.products[product_of(a, index)];
  tile t;
#pragma unroll
  for (int i = 0; i < 2; i++) {
    const int row = min((index - p.first_tile) * 16 + lane / 4 + 8 * i, p.matrix.rows - 1);
    t.rows[i] = (const uint8_t *)p.matrix.weights + (uint64_t)row * bytes;
  }
  return t;
}

/// A lane's part of a line of one row.
struct row_line {
  uint4 numbers[2];
  uint2 high;
  uint2 scales[2];  ///< float16; the second of spans of 16 only
  uint2 minimums;
};

__device__ __forceinline__ uint2 load8(const void *p) { return __ldg((const uint2 *)p); }

/// Pieces of 16 bytes of a lane's numbers.
constexpr int PIECES = IS_FLOAT || BLOCK.bits == 8 ? 2 : 1;
/// Bytes of what a lane has besides.
constexpr int HIGH = BLOCK.bits == 5 ? 4 : BLOCK.bits == 6 ? 8 : 0;
constexpr int SCALES = IS_FLOAT ? 0 : 256 / BLOCK.span, MINIMUMS = BLOCK.minimums * 8;

/// Where a lane finds its part of a line; `row` begins at the row's own bytes.
struct line_place {
  const uint8_t *numbers, *high, *scales, *minimums;
};

__device__ __forceinline__ line_place place_of(
  const uint8_t *row, const scu_planes &p, int line, int lane) {
  const int q = lane % 4;
  return {
    row + line * (PIECES * 64) + q * 16, row + p.high + line * (HIGH * 4) + q * HIGH,
    row + p.scales + line * SCALES, row + p.minimums + line * MINIMUMS};
}

__device__ __forceinline__ void load_line(
  row_line &l, const uint8_t *row, const scu_planes &p, int line, int lane) {
  const line_place at = place_of(row, p, line, lane);
#pragma unroll
  for (int i = 0; i < PIECES; i++) l.numbers[i] = load_once(at.numbers + i * 64);
  if (HIGH == 4) l.high.x = __ldg((const uint32_t *)at.high);
  if (HIGH == 8) l.high = load8(at.high);
#pragma unroll
  for (int i = 0; i < SCALES / 8; i++) l.scales[i] = load8(at.scales + i * 8);
  if (MINIMUMS) l.minimums = load8(at.minimums);
}

__device__ __forceinline__ uint32_t word(const uint4 &v, int i) {
  return i == 0 ? v.x : i == 1 ? v.y : i == 2 ? v.z : v.w;
}

/// What takes numbers apart, in registers: as immediates they would be loaded for each use.
struct unpacking {
  uint32_t low, high, one;

  __device__ __forceinline__ unpacking() {
    asm volatile("mov.b32 %0, 0x000f000f;" : "=r"(low));
    asm volatile("mov.b32 %0, 0x00f000f0;" : "=r"(high));
    asm volatile("mov.b32 %0, 0x64006400;" : "=r"(one));
  }
};

/// Pairs of numbers as halves: 1024 + n in `pair`, whose bits under the leading one they are.
__device__ __forceinline__ uint32_t small(uint32_t pair) {
  constexpr uint32_t zero = 0x6400 + BLOCK.offset;
  uint32_t y;
  asm("sub.f16x2 %0, %1, %2;" : "=r"(y) : "r"(pair), "r"(zero << 16 | zero));
  return y;
}

/// The same of 1024 + 16 n.
__device__ __forceinline__ uint32_t sixteenth(uint32_t pair) {
  // 64 + offset is below 128: steps of 1/16.
  constexpr uint32_t zero = 0xd400 + 16 * BLOCK.offset;
  uint32_t y;
  asm("fma.rn.f16x2 %0, %1, %2, %3;" : "=r"(y) : "r"(pair), "r"(0x2c002c00), "r"(zero << 16 | zero));
  return y;
}

__device__ __forceinline__ uint32_t shifted(uint32_t x, int right) {
  return right < 0 ? x << -right : x >> right;
}

/// The bits above the fourth of pair j of a step, at bit 4 of each half for even j, at bit 8 for odd.
__device__ __forceinline__ uint32_t high_bits(const row_line &l, int step, int j) {
  const int to = j % 2 ? 8 : 4;
  if (BLOCK.bits == 5)
    return shifted(l.high.x, step * 4 + j - to) & 0x00010001u << to;
  if (BLOCK.bits == 6)
    return shifted(step < 2 ? l.high.x : l.high.y, step % 2 * 8 + j * 2 - to) & 0x00030003u << to;
  return 0;
}

/// A lane's eight numbers of a step of 32 columns, in pairs.
__device__ __forceinline__ uint4 fragment(const row_line &l, int step, const unpacking &by) {
  if (IS_FLOAT) return l.numbers[step];
  uint4 y;
  if (BLOCK.bits == 8) {
    const uint4 &v = l.numbers[step / 2];
    const uint32_t a = word(v, step % 2 * 2), b = word(v, step % 2 * 2 + 1);
    y.x = small(__byte_perm(a, by.one, 0x5150)), y.y = small(__byte_perm(a, by.one, 0x5352));
    y.z = small(__byte_perm(b, by.one, 0x5150)), y.w = small(__byte_perm(b, by.one, 0x5352));
    return y;
  }
  const uint32_t a = word(l.numbers[0], step), b = a >> 8;
  y.x = small((a & by.low) | high_bits(l, step, 0) | by.one);
  y.y = sixteenth((a & by.high) | high_bits(l, step, 1) | by.one);
  y.z = small((b & by.low) | high_bits(l, step, 2) | by.one);
  y.w = sixteenth((b & by.high) | high_bits(l, step, 3) | by.one);
  return y;
}

/// A float16 of an array in words.
__device__ __forceinline__ float half_of(uint32_t pair, int i) {
  return from_half((uint16_t)(i % 2 ? pair >> 16 : pair));
}

/// The scale of a step's columns, or of its first or second 16.
__device__ __forceinline__ float scale_of(const row_line &l, int step, int half) {
  const int i = BLOCK.span == 16 ? 2 * step + half : step;
  return half_of(i % 4 < 2 ? l.scales[i / 4].x : l.scales[i / 4].y, i);
}

__device__ __forceinline__ float minimum_of(const row_line &l, int step) {
  return half_of(step < 2 ? l.minimums.x : l.minimums.y, step);
}

// MARK: - Products

/// sum = a · b + c: 16 rows of weights by 8 rows of the step over 16 columns.
__device__ __forceinline__ void mma(
  float (&sum)[4], uint32_t a0, uint32_t a1, uint32_t a2, uint32_t a3, uint32_t b0, uint32_t b1,
  float c0, float c1, float c2, float c3) {
#define SCU_MMA(type)                                                                              \
  asm(                                                                                             \
    "mma.sync.aligned.m16n8k16.row.col.f32." type "." type ".f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, "     \
    "{%8,%9}, {%10,%11,%12,%13};"                                                                  \
    : "=f"(sum[0]), "=f"(sum[1]), "=f"(sum[2]), "=f"(sum[3])                                       \
    : "r"(a0), "r"(a1), "r"(a2), "r"(a3), "r"(b0), "r"(b1), "f"(c0), "f"(c1), "f"(c2), "f"(c3))
  if constexpr (FORMAT == SCU_BF16) SCU_MMA("bf16");
  else SCU_MMA("f16");
#undef SCU_MMA
}

__device__ __forceinline__ void add_mma(
  float (&sum)[4], uint32_t a0, uint32_t a1, uint32_t a2, uint32_t a3, uint32_t b0, uint32_t b1) {
  mma(sum, a0, a1, a2, a3, b0, b1, sum[0], sum[1], sum[2], sum[3]);
}

/// What a lane has of eight rows of the step over 32 columns: the two terms of a row's eight
/// numbers, and the sums of two rows.
struct step_input {
  uint4 high, low;
  float sums[2];
};

/// sum = rows · x over a step of 32 columns of floats, of one of x's terms. It begins at zero: units
/// take long for a product, and have several under way.
__device__ __forceinline__ void multiply_term(float (&sum)[4], uint4 u, uint4 v, uint4 x) {
  mma(sum, u.x, v.x, u.y, v.y, x.x, x.y, 0, 0, 0, 0);
  add_mma(sum, u.z, v.z, u.w, v.w, x.z, x.w);
}

/// sum += rows · x over a step of 32 columns. Which of them a unit takes together does not matter,
/// as long as both sides agree.
__device__ __forceinline__ void add_step(
  float (&sum)[4], const row_line &upper, const row_line &lower, int step, uint4 u, uint4 v,
  const step_input &x) {
  if (IS_FLOAT) {
    float part[4];
    multiply_term(part, u, v, x.high);
#pragma unroll
    for (int i = 0; i < 4; i++) sum[i] += part[i];
    multiply_term(part, u, v, x.low);
#pragma unroll
    for (int i = 0; i < 4; i++) sum[i] += part[i];
    return;
  }
  float part[4], second[4];
  mma(part, u.x, v.x, u.y, v.y, x.high.x, x.high.y, 0, 0, 0, 0);
  if (BLOCK.span == 32) {
    add_mma(part, u.z, v.z, u.w, v.w, x.high.z, x.high.w);
    add_mma(part, u.x, v.x, u.y, v.y, x.low.x, x.low.y);
    add_mma(part, u.z, v.z, u.w, v.w, x.low.z, x.low.w);
  } else {
    add_mma(part, u.x, v.x, u.y, v.y, x.low.x, x.low.y);
    mma(second, u.z, v.z, u.w, v.w, x.high.z, x.high.w, 0, 0, 0, 0);
    add_mma(second, u.z, v.z, u.w, v.w, x.low.z, x.low.w);
  }
  const float scales[2] = {scale_of(upper, step, 0), scale_of(lower, step, 0)};
#pragma unroll
  for (int i = 0; i < 4; i++) sum[i] = fmaf(scales[i / 2], part[i], sum[i]);
  if (BLOCK.span == 16) {
    const float others[2] = {scale_of(upper, step, 1), scale_of(lower, step, 1)};
#pragma unroll
    for (int i = 0; i < 4; i++) sum[i] = fmaf(others[i / 2], second[i], sum[i]);
  }
  if (BLOCK.minimums) {
    const float minimums[2] = {minimum_of(upper, step), minimum_of(lower, step)};
#pragma unroll
    for (int i = 0; i < 4; i++) sum[i] = fmaf(minimums[i / 2], x.sums[i % 2], sum[i]);
  }
}

/// sum += STEPS of 32 columns of tiles' rows times the rows of the step; `input(k, c)` gives those of
/// the c-th eight rows over the k-th 32 columns.
template <int STEPS, int TILE_COUNT, int COLUMN_COUNT, typename Input>
__device__ __forceinline__ void add_steps(
  float (&sum)[TILE_COUNT][COLUMN_COUNT][4], const row_line (&now)[TILE_COUNT][2],
  const unpacking &by, Input input) {
#pragma unroll
  for (int k = 0; k < STEPS; k++) {
    uint4 upper[TILE_COUNT], lower[TILE_COUNT];
#pragma unroll
    for (int t = 0; t < TILE_COUNT; t++) {
      upper[t] = fragment(now[t][0], k, by);
      lower[t] = fragment(now[t][1], k, by);
    }
#pragma unroll
    for (int c = 0; c < COLUMN_COUNT; c++) {
      const step_input x = input(k, c);
#pragma unroll
      for (int t = 0; t < TILE_COUNT; t++)
        add_step(sum[t][c], now[t][0], now[t][1], k, upper[t], lower[t], x);
    }
  }
}
