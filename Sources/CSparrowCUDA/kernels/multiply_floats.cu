// Products of float32 matrices with the rows of a step: a warp a row of the matrix.

extern "C" __global__ void multiply_floats(const scu_multiply a) {
  follow();
  const int warp = threadIdx.x >> 5, lane = threadIdx.x & 31, index = blockIdx.x;
  const int row = blockIdx.y;
  const scu_product &p = a.products[product_of(a, index)];
  const float *x = (const float *)a.input + (uint64_t)row * a.input_width;
  for (int r = warp; r < 16; r += blockDim.x >> 5) {
    const int out = (index - p.first_tile) * 16 + r;
    if (out >= p.matrix.rows) return;
    const float *w = (const float *)p.matrix.weights + (uint64_t)out * p.matrix.stride;
    float sum = 0;
    for (int i = lane; i < p.matrix.columns; i += 32) sum = fmaf(w[i], x[i], sum);
    sum = warp_sum(sum);
    if (lane == 0) store(a, index, r, row, sum);
  }
}
