// Weights in blocks of 32 with a scale: dot products by the matrix units, in whole numbers.
//
// A row holds its numbers in the order of its columns, bytes or, of eight columns, four bytes: the
// first four in their low halves. Behind them come the scales, float16. All are two's complements.
//
// An input is a scale times whole numbers of 24 bits, and each of those three bytes, so that all
// sums within a block are exact. A warp multiplies eight rows at once. Of the matrix units' sixteen
// rows the first eight are theirs in one block of columns, and the last eight theirs in another;
// of the eight columns three are the bytes of the input in the one block, three those in the other.

/// Bytes of a block's numbers.
template <int BITS>
constexpr int BLOCK_BYTES = 4 * BITS;
/// The greatest whole number: each of its bytes is one from -128 to 127, however it was rounded.
enum { MOST = 127 << 16 };

/// Eight numbers of a row as bytes; those of four bits times sixteen.
template <int BITS>
__device__ __forceinline__ uint2 bytes_of(const char *from) {
  if constexpr (BITS == 8) return *(const uint2 *)from;
  const uint32_t w = *(const uint32_t *)from;
  return make_uint2(w << 4 & 0xf0f0f0f0, w & 0xf0f0f0f0);
}

/// A whole number's three bytes, the lowest in the low byte.
__device__ __forceinline__ uint32_t digits(float x) {
  return (uint32_t)(__float2int_rn(x) + 0x808080) ^ 0x808080;
}

/// The bytes of four numbers: term by term.
__device__ __forceinline__ void split(uint32_t (&terms)[TERMS], const float *x, float inverse) {
  uint32_t d[4];
#pragma unroll
  for (int i = 0; i < 4; i++) d[i] = digits(x[i] * inverse);
  const uint32_t low = __byte_perm(d[0], d[1], 0x5140), high = __byte_perm(d[2], d[3], 0x5140);
  terms[2] = __byte_perm(low, high, 0x5410), terms[1] = __byte_perm(low, high, 0x7632);
  terms[0] = __byte_perm(
    __byte_perm(d[0], d[1], 0x0062), __byte_perm(d[2], d[3], 0x0062), 0x5410);
}

/// A lane's part of an input's terms, for PAIRS pairs of blocks: `distance` columns apart, and the
/// pairs next to each other. Terms lie `stride` bytes apart.
template <int PAIRS>
__device__ __forceinline__ void load_terms(
  uint2 (&to)[PAIRS], const int8_t *from, int stride, int distance) {
  const int lane = threadIdx.x & 31, term = lane / 4 % 4;
  from += min(term, TERMS - 1) * stride + lane / 16 * distance + lane % 4 * 8;
#pragma unroll
  for (int i = 0; i < PAIRS; i++)
    to[i] = term < TERMS ? *(const uint2 *)(from + i * 32) : make_uint2(0, 0);
}

/// A lane's part of what eight rows' dot products are, but for the input's scale: `row` is the
/// row's numbers from the first pair on, and `scales` theirs.
template <int BITS, int PAIRS>
__device__ __forceinline__ float dot_pairs(
  const char *row, const uint16_t *scales, int distance, const uint2 (&x)[PAIRS]) {
  const bool is_first = (threadIdx.x & 3) < 2;
  row += (threadIdx.x & 3) * BITS;
  const char *other = row + distance / 32 * BLOCK_BYTES<BITS>;
  if (!is_first) scales += distance / 32;
  uint32_t s[(PAIRS + 3) / 4 * 2];
  if constexpr (PAIRS % 4 == 0) {
#pragma unroll
    for (int i = 0; i < PAIRS / 4; i++) {
      const uint2 four = ((const uint2 *)scales)[i];
      s[2 * i] = four.x, s[2 * i + 1] = four.y;
    }
  } else {
    static_assert(PAIRS == 2, "scales of whole words");
    s[0] = *(const uint32_t *)scales;
  }
  float sum = 0;
#pragma unroll
  for (int i = 0; i < PAIRS; i++) {
    const uint2 a = bytes_of<BITS>(row + i * BLOCK_BYTES<BITS>);
    const uint2 b = bytes_of<BITS>(other + i * BLOCK_BYTES<BITS>);
    int c[4];
    asm("mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 "
        "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%10, %10, %10, %10};"
        : "=r"(c[0]), "=r"(c[1]), "=r"(c[2]), "=r"(c[3])
        : "r"(a.x), "r"(b.x), "r"(a.y), "r"(b.y), "r"(x[i].x), "r"(x[i].y), "r"(0));
    const int y = (is_first ? c[0] : c[2]) * 256 + (is_first ? c[1] : c[3]);
    sum = fmaf((float)y, from_half((uint16_t)(s[i / 2] >> i % 2 * 16)), sum);
  }
  return sum;
}

/// A lane's factor of its part: it has the upper two terms or the third one, of the first block or
/// the second.
template <int BITS>
__device__ __forceinline__ float part_scale(float first, float second) {
  const int part = threadIdx.x & 3;
  return (part < 2 ? first : second) * (part % 2 == 0 ? 256.0f : 1 / 256.0f)
    * (1.0f / (BITS == 4 ? MOST * 16 : MOST));
}

/// The dot products of eight rows from all lanes' parts: row i's to lanes from 4 i on.
__device__ __forceinline__ float whole(float part) {
  part += __shfl_xor_sync(~0u, part, 1);
  return part + __shfl_xor_sync(~0u, part, 2);
}

/// A warp's pairs of blocks: eight of one vector of its columns, each with the other vector's.
constexpr int WARP_PAIRS = 8, PAIR_DISTANCE = THREADS * 8;

template <int BITS>
struct row_input {
  /// A warp's blocks: eight of one vector of columns, each paired with the other vector's; and
  /// eights of rows that it multiplies at once, of two slots at most.
  static constexpr int PAIRS = WARP_PAIRS, DISTANCE = PAIR_DISTANCE;
  static constexpr int AT_ONCE = SLOT_ROWS<BITS> < BATCH ? 1 : 2;
  static_assert(VECTORS == 2 || BITS == 16, "two vectors of columns a thread");
  uint2 terms[PAIRS];
  float scale;

  __device__ __forceinline__ row_input(const float (&x)[OWN], step_memory &m) {
    float most[2] = {0, 0};
#pragma unroll
    for (int i = 0; i < OWN; i++) most[i / 8] = fmaxf(most[i / 8], fabsf(x[i]));
#pragma unroll
    for (int v = 0; v < 2; v++) {
      most[v] = fmaxf(warp_max(most[v]), 1e-30f);
      uint32_t left[TERMS], right[TERMS];
      const float inverse = __fdividef(MOST, most[v]);
      split(left, x + v * 8, inverse);
      split(right, x + v * 8 + 4, inverse);
#pragma unroll
      for (int t = 0; t < TERMS; t++)
        *(uint2 *)(m.terms[t] + column(v)) = make_uint2(left[t], right[t]);
    }
    __syncwarp();
    load_terms<PAIRS>(terms, m.terms[0] + threadIdx.x / 32 * 256, WIDTH, DISTANCE);
    scale = part_scale<BITS>(most[0], most[1]);
  }

  template <int RUNS, int LIMIT>
  __device__ __forceinline__ void dots(
    ring_memory &m, consumer &ring, int count, float (*sums)[ALL_SUMS]) const {
    static_assert(RUNS * LIMIT == SUMS<BITS>, "the sums of a warp");
    constexpr int ROWS = AT_ONCE * BATCH, SLOTS_AT_ONCE = ROWS / SLOT_ROWS<BITS>;
    const int warp = threadIdx.x >> 5, lane = threadIdx.x & 31;
    // Little code: what does not fit the multiprocessor's cache of it comes from far away.
#pragma unroll 1
    for (int i = 0; i < SUMS<BITS>; i += ROWS) {
      const int size = min(count - i % LIMIT, ROWS);
      if (size <= 0) continue;
      const int slots = (size + SLOT_ROWS<BITS> - 1) / SLOT_ROWS<BITS>;
      ring.wait<SLOTS_AT_ONCE>(m, slots);
      float parts[AT_ONCE];
#pragma unroll
      for (int g = 0; g < AT_ONCE; g++) {
        const int row = min(g * BATCH + lane / 4, size - 1);
        const char *own =
          ring.slot(m, row / SLOT_ROWS<BITS>) + row % SLOT_ROWS<BITS> * ROW_BYTES<BITS>;
        parts[g] = dot_pairs<BITS>(
          own + warp * 8 * BLOCK_BYTES<BITS>,
          (const uint16_t *)(own + WIDTH * BITS / 8) + warp * 8, DISTANCE, terms);
      }
      ring.release<SLOTS_AT_ONCE>(m, slots);
#pragma unroll
      for (int g = 0; g < AT_ONCE; g++) {
        const float y = whole(parts[g] * scale);
        if (lane % 4 == 0) sums[warp][i + g * BATCH + lane / 4] = y;
      }
    }
  }
};

template <int BITS>
struct row_weight {
  static __device__ __forceinline__ float at(const char *row, int column) {
    const float scale = from_half(((const uint16_t *)(row + WIDTH * BITS / 8))[column / 32]);
    if constexpr (BITS == 8) return scale * (int8_t)row[column];
    const uint32_t four = ((const uint8_t *)row)[column / 8 * 4 + column % 4];
    return scale * ((int8_t)(column % 8 < 4 ? four << 4 : four) >> 4);
  }
};

// MARK: - Attention's output

/// Each warp has heads of its own, and all rows of them, eight at once.
template <int BITS>
struct output_sums {
  static constexpr int EIGHTS = (OUTPUT_ROWS + 7) / 8;
  static_assert(HEAD == 128 || BITS == 16, "two pairs of blocks a head");

  float sum[EIGHTS] = {};

  /// By a warp, four elements of the i-th head's result each.
  static __device__ __forceinline__ void keep(step_memory &m, int i, int element, float4 x) {
    const float numbers[4] = {x.x, x.y, x.z, x.w};
    const float most =
      fmaxf(warp_max(fmaxf(fmaxf(fabsf(x.x), fabsf(x.y)), fmaxf(fabsf(x.z), fabsf(x.w)))), 1e-30f);
    uint32_t terms[TERMS];
    split(terms, numbers, __fdividef(MOST, most));
#pragma unroll
    for (int t = 0; t < TERMS; t++) *(uint32_t *)(m.heads.terms[i][t] + element) = terms[t];
    if (element == 0) m.heads.scales[i] = most;
  }

  __device__ __forceinline__ void add(step_memory &m, consumer &ring, int count, int rows) {
    const int warp = threadIdx.x >> 5, lane = threadIdx.x & 31;
    int own = warp;
#pragma unroll 1
    for (int i = 0; i < count; i += HEADS_AT_ONCE) {
      const char *slot = ring.wait(m.ring);
      if (own < min(i + HEADS_AT_ONCE, count)) {
        const char *piece = slot + (own - i) * rows * HEAD_BYTES;
        uint2 terms[2];
        load_terms<2>(terms, m.heads.terms[own][0], HEAD, 64);
        const float scale = m.heads.scales[own];
#pragma unroll
        for (int g = 0; g < EIGHTS; g++) {
          const char *row = piece + min(g * 8 + lane / 4, rows - 1) * HEAD_BYTES;
          sum[g] = fmaf(
            dot_pairs<BITS>(row, (const uint16_t *)(row + HEAD * BITS / 8), 64, terms), scale,
            sum[g]);
        }
        own += CONSUMERS;
      }
      ring.release(m.ring);
    }
  }

  __device__ __forceinline__ void leave(step_memory &m, int rows) {
    const float scale = part_scale<BITS>(1, 1);
#pragma unroll
    for (int g = 0; g < EIGHTS; g++) {
      const float y = whole(sum[g] * scale);
      const int row = g * 8 + (threadIdx.x & 31) / 4;
      if (threadIdx.x % 4 == 0 && row < rows) m.output[threadIdx.x >> 5][row] = y;
    }
  }

  static __device__ __forceinline__ float of(const step_memory &m, int row) {
    float y = 0;
#pragma unroll
    for (int w = 0; w < CONSUMERS; w++) y += m.output[w][row];
    return y;
  }
};

// MARK: - Predictors

/// A unit a warp.
template <int BITS>
struct scorer {
  static constexpr int PAIRS = 4;
  const int8_t *terms;
  float scale;

  template <int COUNT>
  __device__ __forceinline__ scorer(step_memory &m, const float (&input)[COUNT], int count) {
    float most = 1e-30f;
#pragma unroll
    for (int n = 0; n < COUNT; n++)
      if (threadIdx.x + n * THREADS < count) most = fmaxf(most, input[n]);
    most = consumers_max(most, m.scratch[0]);
    const float inverse = __fdividef(MOST, most);
#pragma unroll
    for (int n = 0; n < COUNT; n++) {
      const int i = threadIdx.x + n * THREADS;
      if (i >= count) continue;
      const uint32_t d = digits(input[n] * inverse);
#pragma unroll
      for (int t = 0; t < TERMS; t++)
        m.input_terms[i / RANK][t][i % RANK] = (int8_t)(d >> (TERMS - 1 - t) * 8);
    }
    meet();
    scale = part_scale<BITS>(most, most);
  }

  __device__ __forceinline__ bool has(int i) const { return i % CONSUMERS == threadIdx.x >> 5; }
  __device__ __forceinline__ int row() const {
    return threadIdx.x % 4 == 0 ? (int)(threadIdx.x & 31) / 4 : -1;
  }

  __device__ __forceinline__ void load(step_memory &m, int which) {
    terms = m.input_terms[which][0];
  }

  __device__ __forceinline__ float score(const char *unit) const {
    const char *row = unit + (threadIdx.x & 31) / 4 * scu_step_row_bytes(BITS, RANK);
    const uint16_t *scales = (const uint16_t *)(row + RANK * BITS / 8);
    float sum = 0;
#pragma unroll 2
    for (int i = 0; i < RANK / 64; i += PAIRS) {
      uint2 x[PAIRS];
      load_terms<PAIRS>(x, terms + i * 32, RANK, RANK / 2);
      sum += dot_pairs<BITS>(row + i * BLOCK_BYTES<BITS>, scales + i, RANK / 2, x);
    }
    return whole(scale * sum);
  }
};
