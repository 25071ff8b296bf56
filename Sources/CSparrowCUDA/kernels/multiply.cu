// Products of rows that are prepared. Behind multiply.cuh.

extern "C" __global__ void __launch_bounds__(PARTS * 32, BLOCKS) multiply(const scu_multiply a) {
  extern __shared__ __align__(16) uint8_t memory[];
  multiply_tiles(product_tiles{a}, memory, [&] {
    follow();
    return a.x;
  });
}
