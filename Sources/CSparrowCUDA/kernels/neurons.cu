// Activations of chosen neurons, and scores from activations of all. Behind prepare.cuh and
// gather.cuh.

constexpr int NEURON_WARPS = 8;

/// A warp a neuron of a row's list.
extern "C" __global__ void __launch_bounds__(NEURON_WARPS * 32) neuron_values(const scu_neurons a) {
  extern __shared__ __align__(16) float x[];
  follow();
  const int row = blockIdx.y, lane = threadIdx.x & 31;
  const int count = __ldcg((const int *)a.chosen.counts + row);
  if ((int)blockIdx.x * NEURON_WARPS >= count) return;
  stage(x, (const float *)a.input + (uint64_t)row * a.input_width, a.up.columns, a.up.stride);
  const int *list = (const int *)a.chosen.indices + (uint64_t)row * a.chosen.width;
  const uint64_t start = (uint64_t)row * a.width;
  const bool is_gated = a.gate.weights != 0;
  for (int i = blockIdx.x * NEURON_WARPS + (threadIdx.x >> 5); i < count;
       i += gridDim.x * NEURON_WARPS) {
    const int neuron = __ldcg(list + i);
    float gate = 0, up = 0;
    if (a.gates) {
      gate = __ldcg((const float *)a.gates + start + neuron);
      up = gate == 0 ? 0 : row_dot(a.up, neuron, x);
    } else if (is_gated) {
      float sums[2];
      row_dots(a.gate, a.up, neuron, x, sums);
      gate = sums[0], up = sums[1];
    } else {
      gate = row_dot(a.up, neuron, x);
    }
    if (lane != 0) continue;
    float *bias = (float *)a.up_bias;
    if (!a.gates) {
      const float *first = is_gated ? (const float *)a.gate_bias : bias;
      gate = activated(a.activation, first ? gate + first[neuron] : gate);
    }
    if (is_gated || a.gates) gate *= bias ? up + bias[neuron] : up;
    ((float *)a.values)[start + neuron] = gate;
    if (a.estimates) ((float *)a.estimates)[start + neuron] = 0;
  }
}

/// Sizes of activations that were computed or estimated of all neurons.
extern "C" __global__ void neuron_sizes(const scu_sizes a) {
  follow();
  const int i = blockIdx.x * blockDim.x + threadIdx.x, row = blockIdx.y;
  if (i >= a.width) return;
  const uint64_t at = (uint64_t)row * a.stride + i;
  const uint16_t *bias = (const uint16_t *)a.bias;
  const float constant = a.constants ? ((const float *)a.constants)[row] : 0;
  float y = ((const float *)a.gates)[at] + constant;
  if (bias) y += from_half(bias[i]);
  y = activated(a.activation, y);
  if (a.values) {
    float up = ((const float *)a.values)[at] + constant;
    if (bias) up += from_half(bias[a.second + i]);
    y *= up;
  }
  ((float *)a.scores)[(uint64_t)row * a.scores_stride + i] = fabsf(y);
  if (a.estimates) ((float *)a.estimates)[(uint64_t)row * a.estimates_stride + i] = y;
}
