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

/// The row times x, which has zeros up to the stride; the same for all lanes.
__device__ __forceinline__ float row_dot(const scu_matrix &m, int row, const float *x) {
  switch (m.format) {
    case SCU_F32: return warp_sum(floats_dot(m, row, x));
    case SCU_F16: return warp_sum(pairs_dot<SCU_F16>(m, row, x));
    default: return warp_sum(pairs_dot<SCU_BF16>(m, row, x));
  }
}

/// The same row of two matrices of one shape, both under way at once.
__device__ __forceinline__ void row_dots(
  const scu_matrix &m, const scu_matrix &n, int row, const float *x, float (&sums)[2]) {
  if (m.format != n.format || m.format == SCU_F32) {
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
