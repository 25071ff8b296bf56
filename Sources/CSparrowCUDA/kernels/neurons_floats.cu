// Activations of chosen neurons of float32 matrices: a warp a neuron, for all rows of the step. Behind
// prepare.cuh and chosen.cuh.
//
// Constant: ROWS of the step at most.

/// The products of a matrix's row with all rows of the step.
__device__ __forceinline__ void row_products(
  const scu_neurons &a, const scu_matrix &m, int index, float (&sums)[ROWS]) {
  const float *w = (const float *)m.weights + (uint64_t)index * m.stride;
  const float *x = (const float *)a.input;
#pragma unroll
  for (int r = 0; r < ROWS; r++) sums[r] = 0;
#pragma unroll 1
  for (int c = threadIdx.x & 31; c < m.columns; c += 32) {
    const float weight = __ldg(w + c);
#pragma unroll
    for (int r = 0; r < ROWS; r++)
      if (r < a.rows) sums[r] = fmaf(weight, x[(uint64_t)r * a.input_width + c], sums[r]);
  }
#pragma unroll
  for (int r = 0; r < ROWS; r++) sums[r] = warp_sum(sums[r]);
}

extern "C" __global__ void neuron_values_floats(const scu_neurons a) {
  follow();
  const int warps = blockDim.x >> 5, members = union_count(a.chosen);
  for (int i = blockIdx.x * warps + (threadIdx.x >> 5); i < members; i += gridDim.x * warps) {
    const int neuron = union_number(a.chosen, i);
    float gates[ROWS] = {}, ups[ROWS];
    if (a.gate.weights) row_products(a, a.gate, neuron, gates);
    row_products(a, a.up, neuron, ups);
    if ((threadIdx.x & 31) != 0) continue;
#pragma unroll
    for (int r = 0; r < ROWS; r++)
      if (r < a.rows && is_marked(a.chosen, r, neuron)) store_neuron(a, neuron, r, gates[r], ups[r]);
  }
}
