// The products of a launch: which rows of which matrices, and where their results go.

/// The rows of matrices that are multiplied: all, or those of a list on the device.
struct listed_rows {
  const int32_t *rows;  ///< NULL for all
  int count;
};

__device__ __forceinline__ int product_of(const scu_multiply &a, int index) {
  int product = 0;
  while (product + 1 < a.count && index >= a.products[product + 1].first_tile) product++;
  return product;
}

/// Writes the sum of row `out` of tile `index` over all columns of row `row` of the step.
__device__ __forceinline__ void store(
  const scu_multiply &a, int index, int out, int row, float sum, listed_rows listed) {
  if (index >= a.tiles || row >= a.rows) return;
  const scu_product &p = a.products[product_of(a, index)];
  out += (index - p.first_tile) * 16;
  if (out >= (listed.rows ? listed.count : p.matrix.rows)) return;
  float y = sum;
  if (p.bias) y += ((const float *)p.bias)[listed.rows ? listed.rows[out] : out];
  float *to = (float *)p.output + (uint64_t)row * p.width + out;
  *to = a.adds ? *to + y : y;
}
