// Products of matrices with the rows of a step, by matrix units.
//
// A block takes one tile after the other: TILES times 16 rows of the matrices, by up to 8 *
// COLUMN_TILES rows of the step. Its eight warps are the parts of a sum. Each warp copies its lines
// of weights through rings in shared memory, running ahead over the ends of tiles: numbers line by
// line, and the planes beside them for a run of lines at once.
//
// Constants: FORMAT of the matrices; TILES, COLUMN_TILES, SLOTS; BLOCKS that a multiprocessor is to
// hold.

/// Bytes of the planes beside the numbers, a line of a row.
constexpr int HIGH_LINE = 4 * HIGH;
constexpr int SIDE_BYTES =
  scu_side_bytes(HIGH_LINE) + scu_side_bytes(SCALES) + scu_side_bytes(MINIMUMS);
/// A line's numbers of a tile.
constexpr int TILE_BYTES = 2 * PIECES * 512;
constexpr int SLOT_BYTES = TILES * TILE_BYTES;
constexpr int WARP_BYTES = SLOTS * SLOT_BYTES + 2 * TILES * SIDE_BYTES;
static_assert(WARP_BYTES == scu_ring_bytes(FORMAT, TILES, SLOTS), "what the host allocates");

/// Queues the copy of a run of one plane, of BYTES a line, of a tile's rows: each lane copies of its
/// own two. Nothing is read beyond the plane.
template <int BYTES>
__device__ __forceinline__ void copy_side(
  uint8_t *to, const tile &t, int plane, int line, int count, int lane) {
  if constexpr (BYTES > 0) {
    constexpr int pieces = BYTES * SCU_RUN / 16;
    const int q = lane % 4, start = line / SCU_RUN * SCU_RUN * BYTES;
#pragma unroll
    for (int i = 0; i < pieces / 2; i++) {
      const int half = pieces == 2 ? q / 2 : i / (pieces / 4);
      const int at = (pieces == 2 ? q % 2 : i % (pieces / 4) * 4 + q) * 16;
      copy_async<16>(
        to + (half * 8 + lane / 4) * (SCU_RUN * BYTES + 16) + at,
        (half ? t.rows[1] : t.rows[0]) + plane + start + at, start + at < count * BYTES);
    }
  }
}

/// The same of all planes beside the numbers.
__device__ __forceinline__ void copy_sides(
  uint8_t *to, const tile &t, const scu_planes &planes, int line, int count, int lane) {
  copy_side<HIGH_LINE>(to, t, planes.high, line, count, lane);
  to += scu_side_bytes(HIGH_LINE);
  copy_side<SCALES>(to, t, planes.scales, line, count, lane);
  to += scu_side_bytes(SCALES);
  copy_side<MINIMUMS>(to, t, planes.minimums, line, count, lane);
}

/// Queues the copy of a line's numbers of a tile's rows.
__device__ __forceinline__ void copy_numbers(uint8_t *to, const tile &t, int line, int lane) {
#pragma unroll
  for (int i = 0; i < 2 * PIECES; i++)
    copy_async<16>(
      to + (i * 32 + lane) * 16,
      t.rows[i / PIECES] + line * (PIECES * 64) + i % PIECES * 64 + lane % 4 * 16);
}

template <int BYTES>
__device__ __forceinline__ const uint8_t *side_row(const uint8_t *side, int row, int line) {
  return side + row * (SCU_RUN * BYTES + 16) + line % SCU_RUN * BYTES;
}

/// The tiles of a launch's products, and where their sums go.
struct product_tiles {
  const scu_multiply &a;

  __device__ __forceinline__ int count() const { return a.tiles; }
  __device__ __forceinline__ int rows() const { return a.rows; }
  __device__ __forceinline__ const scu_matrix &matrix() const { return a.products[0].matrix; }
  __device__ __forceinline__ tile find(int index, int lane, int bytes) const {
    return find_tile(a, index, lane, bytes);
  }
  /// What `finish` wants to know of a group of tiles, loaded before its sums are made.
  struct place {};
  __device__ __forceinline__ place begin(int group, int first_row) const { return {}; }
  /// `total(e, row)` adds up the parts of a sum; element i of a lane is row lane / 4 (+ 8 for i of 2
  /// and 3), column lane % 4 * 2 (+ 1 for odd i).
  template <typename Total>
  __device__ __forceinline__ void finish(
    const place &, int group, int first_row, int end, Total total) const {
    constexpr int elements = TILES * COLUMN_TILES * 128;
    for (int e = threadIdx.x; e < elements; e += PARTS * 32) {
      const int l = e % 32, i = e / 32 % 4, c = e / 128 % COLUMN_TILES;
      const int t = e / (128 * COLUMN_TILES), row = first_row + c * 8 + l % 4 * 2 + i % 2;
      if (row < end) store(a, group * TILES + t, l / 4 + i / 2 * 8, row, total(e, row));
    }
  }
};

/// A warp's way over its lines, tile by tile: what it copies.
template <typename Tiles> struct stream {
  uint8_t *ring, *sides;
  scu_planes planes;
  tile tiles[TILES];
  int group, groups, line, count, run, slot, side;

  /// Queues the next line, and goes on.
  __device__ __forceinline__ void copy(const Tiles &a, int warp, int lane) {
    if (group < groups) {
      if (!IS_FLOAT && begins_run(line, run)) {
#pragma unroll
        for (int t = 0; t < TILES; t++)
          copy_sides(
            sides + (side * TILES + t) * SIDE_BYTES, tiles[t], planes, line, count, lane);
        side = 1 - side;
      }
#pragma unroll
      for (int t = 0; t < TILES; t++)
        copy_numbers(ring + slot * SLOT_BYTES + t * TILE_BYTES, tiles[t], line, lane);
      line = line_after(line, run);
      if (line >= count) line = warp * run, group += gridDim.x, find(a, lane);
    }
    end_copies();
    slot = slot + 1 == SLOTS ? 0 : slot + 1;
  }

  __device__ __forceinline__ void find(const Tiles &a, int lane) {
    if (group >= groups) return;
#pragma unroll
    for (int t = 0; t < TILES; t++) tiles[t] = a.find(group * TILES + t, lane, planes.bytes);
  }
};

/// A lane's part of a line of a tile, from a slot and the run's planes.
__device__ __forceinline__ void read_lines(
  row_line (&l)[2], const uint8_t *slot, const uint8_t *side, int line, int lane) {
#pragma unroll
  for (int i = 0; i < 2; i++) {
    const int q = lane % 4, row = lane / 4 + 8 * i;
#pragma unroll
    for (int j = 0; j < PIECES; j++)
      l[i].numbers[j] = *(const uint4 *)(slot + ((i * PIECES + j) * 32 + lane) * 16);
    const uint8_t *high = side_row<HIGH_LINE>(side, row, line) + q * HIGH;
    const uint8_t *scales = side_row<SCALES>(side + scu_side_bytes(HIGH_LINE), row, line);
    const uint8_t *minimums = side_row<MINIMUMS>(
      side + scu_side_bytes(HIGH_LINE) + scu_side_bytes(SCALES), row, line);
    if (HIGH == 4) l[i].high.x = *(const uint32_t *)high;
    if (HIGH == 8) l[i].high = *(const uint2 *)high;
#pragma unroll
    for (int j = 0; j < SCALES / 8; j++) l[i].scales[j] = *(const uint2 *)(scales + j * 8);
    if (MINIMUMS) l[i].minimums = *(const uint2 *)minimums;
  }
}

/// Sixteen bytes of inputs, or zeros.
__device__ __forceinline__ uint4 load_input_if(bool is_there, const void *from) {
  uint4 v = make_uint4(0, 0, 0, 0);
  if (is_there) v = *(const uint4 *)from;
  return v;
}

__device__ __forceinline__ uint4 load_terms(bool is_there, const uint16_t *from) {
  if (BLOCK.span == 32) return load_input_if(is_there, from);
  uint2 a = make_uint2(0, 0), b = a;
  if (is_there) a = *(const uint2 *)from, b = *(const uint2 *)(from + 16);
  return make_uint4(a.x, a.y, b.x, b.y);
}

/// What a lane takes of the rows of the step over a line.
struct line_input {
  const uint16_t *high, *low;
  int row, end, stride;
  uint4 sums[COLUMN_TILES][2];  ///< float32, of the line's four blocks

  __device__ __forceinline__ line_input(
    const scu_prepared &x, int first_row, int end, int line, int lane)
      : row(first_row + lane / 4), end(end), stride(x.stride) {
    const int q = lane % 4;
    const int64_t at = (int64_t)row * stride + line * LINE + q * (BLOCK.span == 16 ? 4 : 8);
    high = (const uint16_t *)x.high + at, low = (const uint16_t *)x.low + at;
    if (!BLOCK.minimums) return;
    const float *of_sums = (const float *)x.sums + line * (LINE / 32);
#pragma unroll
    for (int i = 0; i < COLUMN_TILES * 2; i++) {
      const int own = first_row + i / 2 * 8 + q * 2 + i % 2;
      sums[i / 2][i % 2] = load_input_if(own < end, of_sums + (int64_t)own * (stride / 32));
    }
  }

  /// Of eight rows, the c-th, over the k-th 32 columns.
  __device__ __forceinline__ step_input step(int c, int k) const {
    const int64_t at = (int64_t)c * 8 * stride + 32 * k;
    const bool is_there = row + c * 8 < end;
    step_input x;
    x.high = load_terms(is_there, high + at), x.low = load_terms(is_there, low + at);
#pragma unroll
    for (int i = 0; i < 2; i++)
      x.sums[i] = BLOCK.minimums ? __uint_as_float(word(sums[c][i], k)) : 0;
    return x;
  }
};

/// Steps whose inputs a warp has under way: of one column tile a line's.
constexpr int STEPS = LINE / 32, AHEAD = COLUMN_TILES == 1 ? STEPS : 1;

/// sum += a line of the tiles times its inputs, of which `x` has the first.
__device__ __forceinline__ void multiply_line(
  float (&sum)[TILES][COLUMN_TILES][4], const row_line (&now)[TILES][2], const line_input &inputs,
  step_input (&x)[AHEAD][COLUMN_TILES], const unpacking &by) {
  add_steps<STEPS>(sum, now, by, [&](int k, int c) {
    const step_input own = x[k % AHEAD][c];
    if (k + AHEAD < STEPS) x[k % AHEAD][c] = inputs.step(c, k + AHEAD);
    return own;
  });
}

/// A block's tiles. `input` waits for the kernel before and says where the prepared rows are.
/// `memory` has room for [PARTS][WARP_BYTES], then for sums [PARTS][TILES][COLUMN_TILES][4][32].
template <typename Tiles, typename Input>
__device__ __forceinline__ void multiply_tiles(const Tiles &a, uint8_t *memory, Input input) {
  float *sums = (float *)(memory + PARTS * WARP_BYTES);
  const int warp = threadIdx.x >> 5, lane = threadIdx.x & 31;
  const int first_row = blockIdx.y * 8 * COLUMN_TILES;
  const int end = min(a.rows(), first_row + 8 * COLUMN_TILES);
  stream<Tiles> s;
  s.ring = memory + warp * WARP_BYTES, s.sides = s.ring + SLOTS * SLOT_BYTES;
  s.planes = row_planes(a.matrix().stride);
  s.groups = (a.count() + TILES - 1) / TILES;
  s.count = a.matrix().stride / LINE, s.run = run_of(s.count);
  s.line = warp * s.run, s.slot = 0, s.side = 0;
  s.group = s.line < s.count ? blockIdx.x : s.groups;
  s.find(a, lane);
  // Of short runs a warp is one line ahead, for it has two copies of the planes.
  const bool is_near = !IS_FLOAT && s.run == 1;
  // Weights do not depend on the kernel before.
#pragma unroll 1
  for (int i = 0; i < (is_near ? 1 : SLOTS - 1); i++) s.copy(a, warp, lane);
  const scu_prepared from = input();
  const unpacking by;
  int slot = 0, side = 1;
#pragma unroll 1
  for (int group = blockIdx.x; group < s.groups; group += gridDim.x) {
    float sum[TILES][COLUMN_TILES][4] = {};
    const typename Tiles::place place = a.begin(group, first_row);
#pragma unroll 1
    for (int line = warp * s.run; line < s.count; line = line_after(line, s.run)) {
      const line_input inputs(from, first_row, end, line, lane);
      step_input x[AHEAD][COLUMN_TILES];
#pragma unroll
      for (int i = 0; i < AHEAD * COLUMN_TILES; i++)
        x[i / COLUMN_TILES][i % COLUMN_TILES] = inputs.step(i % COLUMN_TILES, i / COLUMN_TILES);
      if (is_near) wait_for_copies<0>();
      else wait_for_copies<SLOTS - 2>();
      // Planes are copied by some lanes and read by others.
      __syncwarp();
      if (begins_run(line, s.run)) side = 1 - side;
      row_line now[TILES][2];
#pragma unroll
      for (int t = 0; t < TILES; t++)
        read_lines(
          now[t], s.ring + slot * SLOT_BYTES + t * TILE_BYTES,
          s.sides + (side * TILES + t) * SIDE_BYTES, line, lane);
      slot = slot + 1 == SLOTS ? 0 : slot + 1;
      s.copy(a, warp, lane);
      multiply_line(sum, now, inputs, x, by);
    }
    // The sums of the tile before have been read.
    __syncthreads();
#pragma unroll
    for (int t = 0; t < TILES; t++)
#pragma unroll
      for (int c = 0; c < COLUMN_TILES; c++)
#pragma unroll
        for (int i = 0; i < 4; i++)
          sums[(((warp * TILES + t) * COLUMN_TILES + c) * 4 + i) * 32 + lane] = sum[t][c][i];
    __syncthreads();
    a.finish(place, group, first_row, end, [&](int e, int row) {
      float total = 0;
#pragma unroll
      for (int w = 0; w < PARTS; w++) total += sums[w * TILES * COLUMN_TILES * 128 + e];
      return total * ((const float *)from.scales)[row];
    });
  }
}
