// Products with one row that a launch makes by itself: decoding small models takes as long as it has
// launches. Behind prepare.cuh and multiply.cuh.

/// Bytes of shared memory that `multiply_tiles` has.
constexpr int SHARED = PARTS * (WARP_BYTES + TILES * COLUMN_TILES * 512);

/// Each block makes the row for itself; the first keeps a norm's for others too.
extern "C" __global__ void __launch_bounds__(PARTS * 32, BLOCKS)
  multiply_staged(const scu_staged s) {
  // Behind what `multiply` has: the row's terms, and the sums of its blocks.
  extern __shared__ __align__(16) uint8_t memory[];
  __shared__ float scratch[32], scale;
  multiply_tiles(product_tiles{s.multiply}, memory, [&] {
    const int stride = s.multiply.x.stride, width = s.norm.width;
    scu_prepared own = s.multiply.x;
    uint16_t *terms = (uint16_t *)(memory + SHARED);
    own.high = (uint64_t)terms, own.low = (uint64_t)(terms + stride);
    if (own.sums) own.sums = (uint64_t)(terms + 2 * stride);
    own.scales = (uint64_t)&scale;
    follow();
    const float *x = (const float *)s.norm.input, *gates = (const float *)s.gates;
    if (s.makes == 1) {
      const row_norm norm(s.norm, 0, scratch);
      if (blockIdx.x == 0)
        for (int i = threadIdx.x; i < width; i += blockDim.x)
          ((float *)s.norm.output)[i] = norm.value(i);
      prepare_row(own, 0, width, scratch, [&](int i) { return norm.value(i); });
    } else if (s.makes == 2) {
      prepare_row(own, 0, width, scratch, [&](int i) {
        return gates ? activated(s.activation, gates[i]) * x[i] : activated(s.activation, x[i]);
      });
    } else {
      prepare_row(own, 0, width, scratch, [&](int i) { return x[i]; });
    }
    __syncthreads();
    return own;
  });
}
