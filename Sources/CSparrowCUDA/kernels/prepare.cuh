// Inputs of products: what rows are made of, and each number as the sum of two of two bytes, so that
// matrix units lose nothing of it.

__device__ __forceinline__ float activated(int activation, float x) {
  switch (activation) {
    case 0: return fmaxf(x, 0);
    case 1: return x > 0 ? x * x : 0;
    case 2: return x / (1 + expf(-x));
    case 3: return 0.5f * x * (1 + erff(x * 0.70710678f));
    case 4: return 0.5f * x * (1 + tanhf(0.79788456f * (x + 0.044715f * x * x * x)));
    default: return 1 / (1 + expf(-x));
  }
}

/// A number of a norm's result. Roundings are spelled out here and below: kernels that make rows in
/// different ways give the same bits.
__device__ __forceinline__ float normed(
  float x, float mean, float inverse, bool has_weight, float weight, bool has_bias, float bias) {
  float y = __fmul_rn(x - mean, inverse);
  if (has_weight) y = __fmul_rn(y, weight);
  return has_bias ? __fadd_rn(y, bias) : y;
}

/// One over the deviation of numbers whose squares have a sum.
__device__ __forceinline__ float inverse_deviation(float squares, int width, float epsilon) {
  return rsqrtf(squares / width + epsilon);
}

/// The norm of a row, by a block of 256 threads, each of which has pairs of columns; `scratch` has
/// 32 floats.
struct row_norm {
  const float *x, *weight, *bias;
  float mean, inverse, offset;

  __device__ __forceinline__ row_norm(const scu_norm &a, int row, float *scratch)
    : x((const float *)a.input + (uint64_t)row * a.input_width), weight((const float *)a.weight),
      bias((const float *)a.bias), mean(0), offset(a.offset) {
    float sum = 0;
    if (!a.is_rms) {
#pragma unroll 4
      for (int i = 2 * threadIdx.x; i < a.width; i += 2 * blockDim.x) {
        sum += x[i];
        if (i + 1 < a.width) sum += x[i + 1];
      }
      mean = block_sum(sum, scratch) / a.width;
      sum = 0;
    }
#pragma unroll 4
    for (int i = 2 * threadIdx.x; i < a.width; i += 2 * blockDim.x) {
      sum = fmaf(x[i] - mean, x[i] - mean, sum);
      if (i + 1 < a.width) sum = fmaf(x[i + 1] - mean, x[i + 1] - mean, sum);
    }
    inverse = inverse_deviation(block_sum(sum, scratch), a.width, a.epsilon);
  }

  __device__ __forceinline__ float value(int i) const {
    return normed(
      x[i], mean, inverse, weight, weight ? weight[i] + offset : 1, bias, bias ? bias[i] : 0);
  }
};

/// Halves reach from 2^-24 to 65504: by this power of two the largest number of a row becomes one
/// below 2^14.
__device__ __forceinline__ float row_scale(float most) {
  const int exponent =
    most > 0 && most < INFINITY ? (int)(__float_as_uint(most) >> 23) - 127 - 13 : 0;
  return __uint_as_float((uint32_t)(max(-100, min(100, exponent)) + 127) << 23);
}

/// One over a scale.
__device__ __forceinline__ float inverse_scale(float scale) {
  return __uint_as_float((254u << 23) - __float_as_uint(scale));
}

/// A pair of numbers as pairs of their two terms.
__device__ __forceinline__ uint2 terms_of(bool is_half, float u, float v) {
  if (is_half) {
    const uint32_t h = halves(u, v);
    return make_uint2(
      h, halves(u - from_half((uint16_t)h), v - from_half((uint16_t)(h >> 16))));
  }
  const uint32_t h = bfloats(u, v);
  return make_uint2(
    h, bfloats(u - from_bfloat((uint16_t)h), v - from_bfloat((uint16_t)(h >> 16))));
}

/// Leaves pair `i` of a row, and with it the sum of its block of 32: whole warps have adjacent pairs.
__device__ __forceinline__ void leave_terms(
  const scu_prepared &to, int row, int i, float u, float v) {
  const uint2 terms = terms_of(to.is_half, u, v);
  const uint64_t at = (uint64_t)row * to.stride;
  ((uint32_t *)((uint16_t *)to.high + at))[i] = terms.x;
  ((uint32_t *)((uint16_t *)to.low + at))[i] = terms.y;
  if (!to.sums) return;
  float sum = u + v;
  for (int m = 8; m; m >>= 1) sum += __shfl_xor_sync(~0u, sum, m);
  if (i % 16 == 0) ((float *)to.sums)[at / 32 + i / 16] = sum;
}

/// Gives `use` each pair of columns of a thread and its values, of which `value` makes some at a
/// time: what is used is often stored, and nothing can be read early behind that.
template <typename Value, typename Use>
__device__ __forceinline__ void for_pairs(int width, int end, Value value, Use use) {
  constexpr int PAIRS = 4;
  for (int first = threadIdx.x; 2 * first < end; first += PAIRS * blockDim.x) {
    float u[PAIRS], v[PAIRS];
#pragma unroll
    for (int p = 0; p < PAIRS; p++) {
      const int i = 2 * (first + p * blockDim.x);
      u[p] = i < width ? value(i) : 0;
      v[p] = i + 1 < width ? value(i + 1) : 0;
    }
#pragma unroll
    for (int p = 0; p < PAIRS; p++) {
      const int i = first + p * blockDim.x;
      if (2 * i < end) use(i, u[p], v[p]);
    }
  }
}

/// A row in the two terms, by a block. `value` gives the row's number of a column; a thread asks
/// for pairs of columns only that begin at 2 * (threadIdx.x + any multiple of blockDim.x).
/// `scratch` has 32 floats.
template <typename Value>
__device__ __forceinline__ void prepare_row(
  const scu_prepared &to, int row, int width, float *scratch, Value value) {
  float scale = 1;
  if (to.is_half) {
    float most = 0;
    for_pairs(width, width, value, [&](int, float u, float v) {
      most = fmaxf(most, fmaxf(fabsf(u), fabsf(v)));
    });
    scale = row_scale(block_max(most, scratch));
  }
  if (threadIdx.x == 0) ((float *)to.scales)[row] = scale;
  const float inverse = inverse_scale(scale);
  // Strides are whole warps' of pairs.
  for_pairs(width, to.stride, value, [&](int i, float u, float v) {
    leave_terms(to, row, i, u * inverse, v * inverse);
  });
}
