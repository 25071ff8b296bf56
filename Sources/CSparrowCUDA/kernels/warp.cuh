// What all kernels share: sums over a warp and a block, waiting for the kernel before, floats of
// two bytes.

#define INFINITY __int_as_float(0x7f800000)

__device__ __forceinline__ float warp_sum(float x) {
  for (int m = 16; m; m >>= 1) x += __shfl_xor_sync(~0u, x, m);
  return x;
}

__device__ __forceinline__ float warp_max(float x) {
  for (int m = 16; m; m >>= 1) x = fmaxf(x, __shfl_xor_sync(~0u, x, m));
  return x;
}

/// warp_max of numbers that are some, sooner.
__device__ __forceinline__ float warp_most(float x) {
  // Integers in the order of floats, and back.
  const int bits = __float_as_int(x);
  const int most = __reduce_max_sync(~0u, bits ^ (bits >> 31 & 0x7fffffff));
  return __int_as_float(most ^ (most >> 31 & 0x7fffffff));
}

/// The sum over a block of whole warps, the same for all of its threads; `scratch` has 32 floats.
__device__ __forceinline__ float block_sum(float x, float *scratch) {
  x = warp_sum(x);
  __syncthreads();
  if ((threadIdx.x & 31) == 0) scratch[threadIdx.x >> 5] = x;
  __syncthreads();
  float total = 0;
#pragma unroll 1
  for (int i = 0; i < (int)blockDim.x >> 5; i++) total += scratch[i];
  return total;
}

/// The largest number likewise.
__device__ __forceinline__ float block_max(float x, float *scratch) {
  x = warp_max(x);
  __syncthreads();
  if ((threadIdx.x & 31) == 0) scratch[threadIdx.x >> 5] = x;
  __syncthreads();
#pragma unroll 1
  for (int i = 0; i < (int)blockDim.x >> 5; i++) x = fmaxf(x, scratch[i]);
  return x;
}

/// Lets the kernel queued after this one begin, then waits until the one queued before has ended
/// and all that it wrote is there. What a kernel reads before this call nobody may write.
__device__ __forceinline__ void follow() {
#if __CUDA_ARCH__ >= 900
  asm volatile("griddepcontrol.launch_dependents;" ::: "memory");
  asm volatile("griddepcontrol.wait;" ::: "memory");
#endif
}

/// Brings what lies there near, while something else goes on.
__device__ __forceinline__ void fetch_ahead(const void *p) {
  asm volatile("prefetch.global.L2 [%0];" ::"l"(p));
}

/// Sixteen bytes of weights, which nobody reads twice.
__device__ __forceinline__ uint4 load_once(const void *p) {
  uint4 v;
  asm volatile("ld.global.nc.L1::no_allocate.L2::256B.v4.u32 {%0,%1,%2,%3}, [%4];"
               : "=r"(v.x), "=r"(v.y), "=r"(v.z), "=r"(v.w)
               : "l"(p));
  return v;
}

__device__ __forceinline__ float from_half(uint16_t x) {
  float y;
  asm("cvt.f32.f16 %0, %1;" : "=f"(y) : "h"(x));
  return y;
}

__device__ __forceinline__ uint16_t to_half(float x) {
  uint16_t y;
  asm("cvt.rn.f16.f32 %0, %1;" : "=h"(y) : "f"(x));
  return y;
}

__device__ __forceinline__ float from_bfloat(uint16_t x) { return __uint_as_float((uint32_t)x << 16); }

/// Two floats as halves or as bfloats, the first one in the low bytes.
__device__ __forceinline__ uint32_t halves(float low, float high) {
  uint32_t y;
  asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(y) : "f"(high), "f"(low));
  return y;
}

__device__ __forceinline__ uint32_t bfloats(float low, float high) {
  uint32_t y;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(y) : "f"(high), "f"(low));
  return y;
}

/// A weight of a matrix of any format.
__device__ __forceinline__ float weight(const scu_matrix &m, int row, int column) {
  const uint8_t *weights = (const uint8_t *)m.weights;
  const uint64_t index = (uint64_t)row * m.stride + column;
  switch (m.format) {
    case SCU_F32: return ((const float *)weights)[index];
    case SCU_F16: return from_half(((const uint16_t *)weights)[index]);
    case SCU_BF16: return from_bfloat(((const uint16_t *)weights)[index]);
  }
  const scu_block b = scu_block_of(m.format);
  const scu_planes p = scu_planes_of(b, m.stride);
  const uint8_t *own = weights + (uint64_t)row * p.bytes;
  const uint16_t *scales = (const uint16_t *)(own + p.scales);
  const uint16_t *minimums = (const uint16_t *)(own + p.minimums);
  const int span = column / b.span;
  const float x = from_half(scales[span]) * (scu_number(b, p, own, column) - b.offset);
  return b.minimums ? x + from_half(minimums[span]) : x;
}

/// The floats of two bfloats.
__device__ __forceinline__ float low(uint32_t x) { return __uint_as_float(x << 16); }
__device__ __forceinline__ float high(uint32_t x) { return __uint_as_float(x & 0xffff0000u); }
