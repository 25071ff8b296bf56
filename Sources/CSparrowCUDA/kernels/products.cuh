// The products of a launch: which rows of which matrices, and where their results go.

__device__ __forceinline__ int product_of(const scu_multiply &a, int index) {
  int product = 0;
  while (product + 1 < a.count && index >= a.products[product + 1].first_tile) product++;
  return product;
}

/// Writes the sum of row `out` of tile `index` over all columns of row `row` of the step.
__device__ __forceinline__ void store(
  const scu_multiply &a, int index, int out, int row, float sum) {
  if (index >= a.tiles || row >= a.rows) return;
  const scu_product &p = a.products[product_of(a, index)];
  out += (index - p.first_tile) * 16;
  if (out >= p.matrix.rows) return;
  float y = sum;
  if (p.bias) y += ((const float *)p.bias)[out];
  float *to = (float *)p.output + (uint64_t)row * p.width + out;
  *to = a.adds ? *to + y : y;
}
