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

/// The norm of a row, by a block; `scratch` has 32 floats.
struct row_norm {
  const float *x, *weight, *bias;
  float mean, inverse, offset;

  __device__ __forceinline__ row_norm(const scu_norm &a, int row, float *scratch)
    : x((const float *)a.input + (uint64_t)row * a.input_width), weight((const float *)a.weight),
      bias((const float *)a.bias), mean(0), offset(a.offset) {
    float sum = 0;
    if (!a.is_rms) {
#pragma unroll 8
      for (int i = threadIdx.x; i < a.width; i += blockDim.x) sum += x[i];
      mean = block_sum(sum, scratch) / a.width;
      sum = 0;
    }
#pragma unroll 8
    for (int i = threadIdx.x; i < a.width; i += blockDim.x) sum += (x[i] - mean) * (x[i] - mean);
    inverse = 1 / sqrtf(block_sum(sum, scratch) / a.width + a.epsilon);
  }

  __device__ __forceinline__ float value(int i) const {
    const float y = (x[i] - mean) * inverse * (weight ? weight[i] + offset : 1);
    return bias ? y + bias[i] : y;
  }
};

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
  uint32_t *high = (uint32_t *)((uint16_t *)to.high + (uint64_t)row * to.stride);
  uint32_t *low = (uint32_t *)((uint16_t *)to.low + (uint64_t)row * to.stride);
  float scale = 1;
  if (to.is_half) {
    // Halves reach from 2^-24 to 65504: the largest number of a row becomes one below 2^14.
    float most = 0;
    for_pairs(width, width, value, [&](int, float u, float v) {
      most = fmaxf(most, fmaxf(fabsf(u), fabsf(v)));
    });
    most = block_max(most, scratch);
    const int exponent = most > 0 && most < INFINITY ? ilogbf(most) - 13 : 0;
    scale = exp2f((float)max(-100, min(100, exponent)));
  }
  if (threadIdx.x == 0) ((float *)to.scales)[row] = scale;
  const float inverse = 1 / scale;
  for_pairs(width, to.stride, value, [&](int i, float u, float v) {
    u *= inverse, v *= inverse;
    uint32_t h, l;
    if (to.is_half) {
      h = halves(u, v);
      l = halves(u - from_half((uint16_t)h), v - from_half((uint16_t)(h >> 16)));
    } else {
      h = bfloats(u, v);
      l = bfloats(u - from_bfloat((uint16_t)h), v - from_bfloat((uint16_t)(h >> 16)));
    }
    high[i] = h, low[i] = l;
    if (!to.sums) return;
    // Strides are whole warps' of pairs: half a warp has a block.
    float sum = u + v;
    for (int m = 8; m; m >>= 1) sum += __shfl_xor_sync(~0u, sum, m);
    if (i % 16 == 0) ((float *)to.sums)[(uint64_t)row * (to.stride / 32) + i / 16] = sum;
  });
}
