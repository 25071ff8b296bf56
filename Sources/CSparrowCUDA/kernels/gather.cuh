// Single rows of matrices times an input: a warp a row. Sums have one order, whatever the others.

/// An input in shared memory, with zeros up to `stride`; all threads of a block call it.
__device__ __forceinline__ void stage(float *to, const float *from, int count, int stride) {
  for (int i = threadIdx.x; i < stride; i += blockDim.x) to[i] = i < count ? __ldcg(from + i) : 0;
  __syncthreads();
}

template <int FORMAT> __device__ __forceinline__ float pair_low(uint32_t x) {
  return FORMAT == SCU_F16 ? from_half((uint16_t)x) : low(x);
}

template <int FORMAT> __device__ __forceinline__ float pair_high(uint32_t x) {
  return FORMAT == SCU_F16 ? from_half((uint16_t)(x >> 16)) : high(x);
}

/// sum += eight weights times eight inputs.
template <int FORMAT>
__device__ __forceinline__ float dot_eight(uint4 w, const float *x, float sum) {
  const float4 a = *(const float4 *)x, b = *(const float4 *)(x + 4);
  sum = fmaf(pair_low<FORMAT>(w.x), a.x, sum), sum = fmaf(pair_high<FORMAT>(w.x), a.y, sum);
  sum = fmaf(pair_low<FORMAT>(w.y), a.z, sum), sum = fmaf(pair_high<FORMAT>(w.y), a.w, sum);
  sum = fmaf(pair_low<FORMAT>(w.z), b.x, sum), sum = fmaf(pair_high<FORMAT>(w.z), b.y, sum);
  sum = fmaf(pair_low<FORMAT>(w.w), b.z, sum), sum = fmaf(pair_high<FORMAT>(w.w), b.w, sum);
  return sum;
}

template <int FORMAT>
__device__ __forceinline__ float pairs_dot(const scu_matrix &m, int row, const float *x) {
  const uint16_t *w = (const uint16_t *)m.weights + (uint64_t)row * m.stride;
  float sum = 0;
#pragma unroll 4
  for (int c = (threadIdx.x & 31) * 8; c < m.stride; c += 256)
    sum = dot_eight<FORMAT>(load_once(w + c), x + c, sum);
  return sum;
}

__device__ __forceinline__ float floats_dot(const scu_matrix &m, int row, const float *x) {
  const float *w = (const float *)m.weights + (uint64_t)row * m.stride;
  float sum = 0;
#pragma unroll 4
  for (int c = (threadIdx.x & 31) * 4; c < m.stride; c += 128) {
    const uint4 v = load_once(w + c);
    const float4 a = *(const float4 *)(x + c);
    sum = fmaf(__uint_as_float(v.x), a.x, sum), sum = fmaf(__uint_as_float(v.y), a.y, sum);
    sum = fmaf(__uint_as_float(v.z), a.z, sum), sum = fmaf(__uint_as_float(v.w), a.w, sum);
  }
  return sum;
}

/// Number i of a lane's eight of a block of a line: `low` are its words of the first bits, `high`
/// of those above. What the shifts are is known when this is compiled.
template <int FORMAT>
__device__ __forceinline__ float number_of(
  const uint32_t *low, const uint32_t *high, int block, int i) {
  constexpr scu_block b = scu_block_of(FORMAT);
  const int side = i % 2 * 16, pair = i / 2;
  if (b.bits == 8) return (float)((int)(low[block * 2 + i / 4] >> i % 4 * 8 & 255) - b.offset);
  uint32_t number = low[block] >> (pair * 4 + side) & 15;
  if (b.bits == 5) number |= (high[0] >> (block * 4 + pair + side) & 1) << 4;
  if (b.bits == 6) number |= (high[block / 2] >> (block % 2 * 8 + pair * 2 + side) & 3) << 4;
  return (float)((int)number - b.offset);
}

/// Four lanes have a line of 128 columns, each eight of each of its blocks.
template <int FORMAT>
__device__ __forceinline__ float blocks_dot(const scu_matrix &m, int row, const float *x) {
  constexpr scu_block b = scu_block_of(FORMAT);
  const scu_planes p = scu_planes_of(b, m.stride);
  const uint8_t *w = (const uint8_t *)m.weights + (uint64_t)row * p.bytes;
  const uint16_t *scales = (const uint16_t *)(w + p.scales);
  const uint16_t *minimums = (const uint16_t *)(w + p.minimums);
  const int q = threadIdx.x % 4;
  float sum = 0;
#pragma unroll 1
  for (int line = (threadIdx.x & 31) / 4; line * SCU_LINE < m.stride; line += 8) {
    uint32_t low[8], high[2] = {0, 0};
    *(uint4 *)low = load_once(w + line * (b.bits == 8 ? 128 : 64) + q * 16);
    if (b.bits == 8) *(uint4 *)(low + 4) = load_once(w + line * 128 + 64 + q * 16);
    if (b.bits == 5) high[0] = __ldg((const uint32_t *)(w + p.high + line * 16 + q * 4));
    if (b.bits == 6) *(uint2 *)high = __ldg((const uint2 *)(w + p.high + line * 32 + q * 8));
#pragma unroll
    for (int block = 0; block < 4; block++) {
      const int column = line * SCU_LINE + block * 32;
      float parts[2] = {}, total = 0;
#pragma unroll
      for (int i = 0; i < 8; i++) {
        const float y = x[column + scu_column_of(b.span, q, i)];
        parts[b.span == 16 ? i / 4 : 0] += number_of<FORMAT>(low, high, block, i) * y;
        total += y;
      }
      sum = fmaf(from_half(scales[column / b.span]), parts[0], sum);
      if (b.span == 16) sum = fmaf(from_half(scales[column / 16 + 1]), parts[1], sum);
      if (b.minimums) sum = fmaf(from_half(minimums[column / 32]), total, sum);
    }
  }
  return sum;
}

/// Out of line: rows of blocks are long in code, and many places want them.
__device__ __noinline__ float packed_dot(scu_matrix m, int row, const float *x) {
  switch (m.format) {
    case SCU_F32: return floats_dot(m, row, x);
    case SCU_Q3: return blocks_dot<SCU_Q3>(m, row, x);
    case SCU_Q4: return blocks_dot<SCU_Q4>(m, row, x);
    case SCU_Q4_MINIMUMS: return blocks_dot<SCU_Q4_MINIMUMS>(m, row, x);
    case SCU_Q5: return blocks_dot<SCU_Q5>(m, row, x);
    case SCU_Q5_MINIMUMS: return blocks_dot<SCU_Q5_MINIMUMS>(m, row, x);
    case SCU_Q6: return blocks_dot<SCU_Q6>(m, row, x);
    default: return blocks_dot<SCU_Q8>(m, row, x);
  }
}

/// The row times x, which has zeros up to the stride; the same for all lanes.
__device__ __forceinline__ float row_dot(const scu_matrix &m, int row, const float *x) {
  switch (m.format) {
    case SCU_F16: return warp_sum(pairs_dot<SCU_F16>(m, row, x));
    case SCU_BF16: return warp_sum(pairs_dot<SCU_BF16>(m, row, x));
    default: return warp_sum(packed_dot(m, row, x));
  }
}

/// The same row of two matrices of one shape, both under way at once.
__device__ __forceinline__ void row_dots(
  const scu_matrix &m, const scu_matrix &n, int row, const float *x, float (&sums)[2]) {
  if (m.format != n.format || (m.format != SCU_F16 && m.format != SCU_BF16)) {
    sums[0] = row_dot(m, row, x), sums[1] = row_dot(n, row, x);
    return;
  }
  const uint64_t start = (uint64_t)row * m.stride;
  const uint16_t *v = (const uint16_t *)m.weights + start, *w = (const uint16_t *)n.weights + start;
  float a = 0, b = 0;
#pragma unroll 4
  for (int c = (threadIdx.x & 31) * 8; c < m.stride; c += 256) {
    const uint4 first = load_once(v + c), second = load_once(w + c);
    if (m.format == SCU_F16) {
      a = dot_eight<SCU_F16>(first, x + c, a), b = dot_eight<SCU_F16>(second, x + c, b);
    } else {
      a = dot_eight<SCU_BF16>(first, x + c, a), b = dot_eight<SCU_BF16>(second, x + c, b);
    }
  }
  sums[0] = warp_sum(a), sums[1] = warp_sum(b);
}
