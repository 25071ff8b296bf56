// A cache in pages of SCU_PAGE positions: `[key or value][head][position][dimension]` from `plane`
// elements on.

__device__ __forceinline__ uint64_t cache_index(
  uint64_t plane, int key_heads, int dimension, int is_value, int head, int position) {
  return plane
    + ((uint64_t)(is_value * key_heads + head) * SCU_PAGE + position % SCU_PAGE) * dimension;
}

__device__ __forceinline__ void store_cached(uint64_t page, int type, uint64_t index, float x) {
  if (type == 0) ((uint16_t *)page)[index] = to_half(x);
  else ((float *)page)[index] = x;
}

/// Adjacent elements of a page: eight that begin at a multiple of eight, or one.
template <int COUNT>
__device__ __forceinline__ void load_cached(
  uint64_t page, int type, uint64_t index, float (&x)[COUNT]) {
  if (COUNT == 1) {
    x[0] = type == 0 ? from_half(((const uint16_t *)page)[index]) : ((const float *)page)[index];
  } else if (type == 0) {
    const uint4 v = *(const uint4 *)((const uint16_t *)page + index);
    const uint32_t words[4] = {v.x, v.y, v.z, v.w};
#pragma unroll
    for (int i = 0; i < COUNT; i++) x[i] = from_half((uint16_t)(words[i / 2] >> i % 2 * 16));
  } else {
#pragma unroll
    for (int i = 0; i < COUNT / 4; i++) {
      const float4 v = ((const float4 *)((const float *)page + index))[i];
      x[4 * i] = v.x, x[4 * i + 1] = v.y, x[4 * i + 2] = v.z, x[4 * i + 3] = v.w;
    }
  }
}
