// Rows of a network's last matrix in blocks, each times its neuron's factor, and added: by the
// matrix units, in whole numbers, sixteen rows at once.
//
// The matrix units' rows are columns of weights here, eight of one block and eight of another; what
// they add up are neurons. Their columns are the terms of what the rows of the one block and of the
// other are multiplied by: a neuron's factor times its scale, as whole numbers of 24 bits.

/// The bytes of four neurons' words, by columns: `y[i]` has the i-th byte of each.
__device__ __forceinline__ void transpose(uint32_t (&y)[4], const uint32_t (&w)[4]) {
  const uint32_t a = __byte_perm(w[0], w[1], 0x5140), b = __byte_perm(w[2], w[3], 0x5140);
  const uint32_t c = __byte_perm(w[0], w[1], 0x7362), d = __byte_perm(w[2], w[3], 0x7362);
  y[0] = __byte_perm(a, b, 0x5410), y[1] = __byte_perm(a, b, 0x7632);
  y[2] = __byte_perm(c, d, 0x5410), y[3] = __byte_perm(c, d, 0x7632);
}

/// Four columns' weights of four neurons, whose rows a lane has: of eight columns, those of the two
/// bytes that are the lane's, or four bytes.
template <int BITS>
__device__ __forceinline__ void load_columns(
  uint32_t (&y)[4], const char *const (&rows)[4], int at) {
  uint32_t w[4];
  if constexpr (BITS == 8) {
#pragma unroll
    for (int j = 0; j < 4; j++) w[j] = *(const uint32_t *)(rows[j] + at);
    transpose(y, w);
  } else {
#pragma unroll
    for (int j = 0; j < 4; j++) w[j] = *(const uint16_t *)(rows[j] + at);
    const uint32_t a = __byte_perm(w[0], w[1], 0x5140), b = __byte_perm(w[2], w[3], 0x5140);
    const uint32_t low = __byte_perm(a, b, 0x5410), high = __byte_perm(a, b, 0x7632);
    y[0] = low << 4 & 0xf0f0f0f0, y[1] = high << 4 & 0xf0f0f0f0;
    y[2] = low & 0xf0f0f0f0, y[3] = high & 0xf0f0f0f0;
  }
}

/// A lane's parts of four columns of each block of its warp's pairs.
template <int BITS>
struct row_sum {
  static constexpr int ROWS = 16, SLOTS_AT_ONCE = ROWS / SLOT_ROWS<BITS>;
  float sum[WARP_PAIRS][4] = {};

  /// The ring's next rows, each times its factor, which lane i of a warp has; 0 beyond them.
  template <int LIMIT>
  __device__ __forceinline__ void add(
    step_memory &m, consumer &ring, float factor, int count) {
#pragma unroll 1
    for (int first = 0; first < count; first += ROWS) {
      const int size = min(count - first, ROWS);
      const int slots = (size + SLOT_ROWS<BITS> - 1) / SLOT_ROWS<BITS>;
      const int warp = threadIdx.x >> 5, lane = threadIdx.x & 31, own = lane & 3;
      float y[4];
#pragma unroll
      for (int j = 0; j < 4; j++) y[j] = __shfl_sync(~0u, factor, first + own + 4 * j);
      ring.wait<SLOTS_AT_ONCE>(m.ring, slots);
      // A lane's neurons: four apart, so that rows lie in different banks.
      const char *rows[4];
#pragma unroll
      for (int j = 0; j < 4; j++) {
        const unsigned row = min(own + 4 * j, size - 1);
        rows[j] =
          ring.slot(m.ring, row / SLOT_ROWS<BITS>) + row % SLOT_ROWS<BITS> * ROW_BYTES<BITS>;
      }
      factor_terms &factors = m.factors[warp];
      __syncwarp();
      scale(factors, rows, y);
      __syncwarp();
      const int at = warp * 8 * BLOCK_BYTES<BITS> + lane / 4 * BITS / 2;
      constexpr int OTHER = PAIR_DISTANCE / 32 * BLOCK_BYTES<BITS>;
#pragma unroll
      for (int i = 0; i < WARP_PAIRS; i++) {
        uint32_t a[4], b[4];
        load_columns<BITS>(a, rows, at + i * BLOCK_BYTES<BITS>);
        load_columns<BITS>(b, rows, at + i * BLOCK_BYTES<BITS> + OTHER);
        const uint32_t x = factors.words[i][lane];
        const float unit = factors.units[i][own];
#pragma unroll
        for (int j = 0; j < 4; j++) {
          int c[4];
          asm("mma.sync.aligned.m16n8k16.row.col.s32.s8.s8.s32 "
              "{%0, %1, %2, %3}, {%4, %5}, {%6}, {%7, %7, %7, %7};"
              : "=r"(c[0]), "=r"(c[1]), "=r"(c[2]), "=r"(c[3])
              : "r"(a[j]), "r"(b[j]), "r"(x), "r"(0));
          const int z = (own < 2 ? c[0] : c[2]) * 256 + (own < 2 ? c[1] : c[3]);
          sum[i][j] = fmaf((float)z, unit, sum[i][j]);
        }
      }
      ring.release<SLOTS_AT_ONCE>(m.ring, slots);
    }
  }

  /// What each block's rows are multiplied by, as terms: lane 4 i + k has neurons k, k + 4, ... of
  /// the i-th pair of blocks.
  static __device__ __forceinline__ void scale(
    factor_terms &to, const char *const (&rows)[4], const float (&y)[4]) {
    const int warp = threadIdx.x >> 5, lane = threadIdx.x & 31, own = lane & 3, pair = lane >> 2;
#pragma unroll
    for (int b = 0; b < 2; b++) {
      const int at = WIDTH * BITS / 8 + (warp * 8 + pair + b * (PAIR_DISTANCE / 32)) * 2;
      float x[4], most = 1e-30f;
#pragma unroll
      for (int j = 0; j < 4; j++) {
        x[j] = y[j] * from_half(*(const uint16_t *)(rows[j] + at));
        most = fmaxf(most, fabsf(x[j]));
      }
      most = fmaxf(most, __shfl_xor_sync(~0u, most, 1));
      most = fmaxf(most, __shfl_xor_sync(~0u, most, 2));
      uint32_t terms[TERMS];
      split(terms, x, __fdividef(MOST, most));
#pragma unroll
      for (int t = 0; t < TERMS; t++) to.words[pair][(b * 4 + t) * 4 + own] = terms[t];
      to.words[pair][(b * 4 + TERMS) * 4 + own] = 0;
      if (own / 2 == b) to.units[pair][own] = part_scale<BITS>(most, most);
    }
  }

  /// Each lane two columns of four, once they are whole.
  __device__ __forceinline__ void leave(uint64_t address, uint32_t date) const {
    const int warp = threadIdx.x >> 5, lane = threadIdx.x & 31, own = lane & 3, eighth = lane / 4;
    const int is_odd = own & 1;
#pragma unroll
    for (int i = 0; i < WARP_PAIRS; i++) {
      float y[4];
#pragma unroll
      for (int j = 0; j < 4; j++) y[j] = sum[i][j] + __shfl_xor_sync(~0u, sum[i][j], 1);
      const int column = (warp * 8 + i) * 32 + own / 2 * PAIR_DISTANCE
        + (BITS == 8 ? eighth * 4 + is_odd * 2 : eighth / 2 * 8 + eighth % 2 * 2 + is_odd * 4);
      leave_pair(address + 8 * column, is_odd ? y[2] : y[0], is_odd ? y[3] : y[1], date);
    }
  }
};
