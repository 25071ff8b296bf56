// Weights as bfloats: rows of the step's matrices times what it computes, in float32. The other
// formats' ways are in step_blocks.cuh, under the same names.

/// Eight weights times eight numbers, onto two sums.
__device__ __forceinline__ void dot_vector(float &a, float &b, uint4 w, const float *y) {
  a = fmaf(low(w.x), y[0], a), b = fmaf(high(w.x), y[1], b);
  a = fmaf(low(w.y), y[2], a), b = fmaf(high(w.y), y[3], b);
  a = fmaf(low(w.z), y[4], a), b = fmaf(high(w.z), y[5], b);
  a = fmaf(low(w.w), y[6], a), b = fmaf(high(w.w), y[7], b);
}

/// Adds eight numbers of each lane over the warp: lane 4 i has the i-th sum.
__device__ __forceinline__ float warp_sums(const float (&p)[BATCH]) {
  const int lane = threadIdx.x & 31;
  float q[4], r[2];
#pragma unroll
  for (int i = 0; i < 4; i++) {
    const float keep = lane & 16 ? p[i + 4] : p[i], send = lane & 16 ? p[i] : p[i + 4];
    q[i] = keep + __shfl_xor_sync(~0u, send, 16);
  }
#pragma unroll
  for (int i = 0; i < 2; i++) {
    const float keep = lane & 8 ? q[i + 2] : q[i], send = lane & 8 ? q[i] : q[i + 2];
    r[i] = keep + __shfl_xor_sync(~0u, send, 8);
  }
  float s = (lane & 4 ? r[1] : r[0]) + __shfl_xor_sync(~0u, lane & 4 ? r[0] : r[1], 4);
  s += __shfl_xor_sync(~0u, s, 2);
  return s + __shfl_xor_sync(~0u, s, 1);
}

/// Adds what each warp has of eight dot products, over its columns, to where the block adds them.
__device__ __forceinline__ void leave_sums(const float (&p)[BATCH], float (*sums)[ALL_SUMS]) {
  const float s = warp_sums(p);
  if ((threadIdx.x & 3) == 0) sums[threadIdx.x >> 5][(threadIdx.x & 31) >> 2] = s;
}

/// What rows of WIDTH are multiplied by: each thread's columns of it.
template <int BITS>
struct row_input;

template <>
struct row_input<16> {
  const float (&x)[OWN];

  __device__ __forceinline__ row_input(const float (&x)[OWN], step_memory &) : x(x) {}

  __device__ __forceinline__ float dot(const char *row) const {
    float a = 0, b = 0;
#pragma unroll
    for (int v = 0; v < VECTORS; v++)
      dot_vector(a, b, *(const uint4 *)(row + column(v) * 2), x + v * 8);
    return a + b;
  }

  /// Each warp's part of the dot products of the ring's next rows: RUNS times `count` of LIMIT.
  template <int RUNS, int LIMIT>
  __device__ __forceinline__ void dots(
    ring_memory &m, consumer &ring, int count, float (*sums)[ALL_SUMS]) const {
    static_assert(RUNS * LIMIT == BATCH, "the sums of a warp");
    float p[BATCH];
    const char *slot = 0;
#pragma unroll
    for (int i = 0; i < BATCH; i++) {
      p[i] = 0;
      const int r = i % LIMIT;
      if (r >= count) continue;
      if (r % SLOT_ROWS<16> == 0) slot = ring.wait(m);
      p[i] = dot(slot + r % SLOT_ROWS<16> * ROW_BYTES<16>);
      if (r % SLOT_ROWS<16> == SLOT_ROWS<16> - 1 || r == count - 1) ring.release(m);
    }
    leave_sums(p, sums);
  }
};

/// A thread's columns of rows that are scaled and added.
template <int BITS>
struct row_sum;

template <>
struct row_sum<16> {
  float sum[OWN] = {};

  template <int LIMIT>
  __device__ __forceinline__ void add(
    step_memory &m, consumer &ring, float factor, int count) {
    const char *slot = 0;
#pragma unroll
    for (int r = 0; r < LIMIT; r++) {
      const float own = __shfl_sync(~0u, factor, r);
      if (r >= count) continue;
      if (r % SLOT_ROWS<16> == 0) slot = ring.wait(m.ring);
      add(slot + r % SLOT_ROWS<16> * ROW_BYTES<16>, own);
      if (r % SLOT_ROWS<16> == SLOT_ROWS<16> - 1 || r == count - 1) ring.release(m.ring);
    }
  }

  __device__ __forceinline__ void leave(uint64_t address, uint32_t date) const {
    leave_own(address, sum, date);
  }

  __device__ __forceinline__ void add(const char *row, float factor) {
#pragma unroll
    for (int v = 0; v < VECTORS; v++) {
      const uint4 w = *(const uint4 *)(row + column(v) * 2);
      float *y = sum + v * 8;
      y[0] = fmaf(low(w.x), factor, y[0]), y[1] = fmaf(high(w.x), factor, y[1]);
      y[2] = fmaf(low(w.y), factor, y[2]), y[3] = fmaf(high(w.y), factor, y[3]);
      y[4] = fmaf(low(w.z), factor, y[4]), y[5] = fmaf(high(w.z), factor, y[5]);
      y[6] = fmaf(low(w.w), factor, y[6]), y[7] = fmaf(high(w.w), factor, y[7]);
    }
  }
};

/// A weight of a row of WIDTH.
template <int BITS>
struct row_weight;

template <>
struct row_weight<16> {
  static __device__ __forceinline__ float at(const char *row, int column) {
    return from_bfloat(((const uint16_t *)row)[column]);
  }
};

// MARK: - Attention's output

/// Rows of a head's columns times what attention left of it.
template <int BITS>
struct output_sums;

template <>
struct output_sums<16> {
  /// Threads of a row, and rows that all threads take at once.
  static constexpr int EACH = HEAD / 8, AT_ONCE = THREADS / EACH;
  static constexpr int TURNS = (OUTPUT_ROWS + AT_ONCE - 1) / AT_ONCE;

  float sum[TURNS] = {};

  /// Four elements of the i-th head's result.
  static __device__ __forceinline__ void keep(step_memory &m, int i, int element, float4 x) {
    *(float4 *)(m.attended[i] + element) = x;
  }

  /// Of the ring's next heads.
  __device__ __forceinline__ void add(step_memory &m, consumer &ring, int count, int rows) {
#pragma unroll 1
    for (int i = 0; i < count; i += HEADS_AT_ONCE) {
      const char *slot = ring.wait(m.ring);
#pragma unroll
      for (int h = 0; h < HEADS_AT_ONCE; h++)
        // Beyond the last head: the last one again, times zero.
        add(
          m, min(i + h, count - 1), slot + min(h, count - 1 - i) * rows * HEAD_BYTES, rows,
          i + h < count ? 1 : 0);
      ring.release(m.ring);
    }
  }

  __device__ __forceinline__ void add(
    step_memory &m, int i, const char *piece, int rows, float factor) {
    const int team = threadIdx.x / EACH, part = threadIdx.x % EACH * 8;
    float x[8];
    *(float4 *)x = *(const float4 *)(m.attended[i] + part);
    *(float4 *)(x + 4) = *(const float4 *)(m.attended[i] + part + 4);
#pragma unroll
    for (int t = 0; t < TURNS; t++) {
      // Beyond the last row: the last one again, which nobody takes.
      const int row = min(team + t * AT_ONCE, rows - 1);
      float y = 0, z = 0;
      dot_vector(y, z, *(const uint4 *)(piece + (row * HEAD + part) * 2), x);
      sum[t] = fmaf(y + z, factor, sum[t]);
    }
  }

  __device__ __forceinline__ void leave(step_memory &m, int rows) {
#pragma unroll
    for (int t = 0; t < TURNS; t++) {
      float y = sum[t];
#pragma unroll
      for (int d = EACH / 2; d; d >>= 1) y += __shfl_xor_sync(~0u, y, d);
      const int row = threadIdx.x / EACH + t * AT_ONCE;
      if (threadIdx.x % EACH == 0 && row < rows) m.output[0][row] = y;
    }
  }

  static __device__ __forceinline__ float of(const step_memory &m, int row) {
    return m.output[0][row];
  }
};

// MARK: - Predictors

/// Scores of a predictor's second matrix, eight rows a unit.
template <int BITS>
struct scorer;

/// A row a warp.
template <>
struct scorer<16> {
  float x[RANK / 32];

  /// What the first matrix has left, by all threads: number i is at i / THREADS.
  template <int COUNT>
  __device__ __forceinline__ scorer(step_memory &m, const float (&input)[COUNT], int count) {
#pragma unroll
    for (int n = 0; n < COUNT; n++) {
      const int i = threadIdx.x + n * THREADS;
      if (i < count) m.input[i / RANK][i % RANK] = input[n];
    }
    meet();
  }

  /// Whether a unit, the i-th of a block, is the warp's too.
  __device__ __forceinline__ bool has(int i) const { return threadIdx.x < BATCH * 32; }
  /// The row of the unit whose score a thread tells; -1: none.
  __device__ __forceinline__ int row() const {
    return (threadIdx.x & 31) == 0 ? (int)threadIdx.x >> 5 : -1;
  }

  /// Takes the first or the second of two inputs.
  __device__ __forceinline__ void load(step_memory &m, int which) {
    const int lane = threadIdx.x & 31;
#pragma unroll
    for (int i = 0; i < RANK / 32; i++) x[i] = m.input[which][(i / 8 * 32 + lane) * 8 + i % 8];
  }

  __device__ __forceinline__ float score(const char *unit) const {
    const int warp = threadIdx.x >> 5, lane = threadIdx.x & 31;
    float y = 0, z = 0;
#pragma unroll
    for (int v = 0; v < RANK / 256; v++)
      dot_vector(
        y, z, *(const uint4 *)(unit + warp * RANK * 2 + (v * 32 + lane) * 16), x + v * 8);
    return warp_sum(y + z);
  }
};
