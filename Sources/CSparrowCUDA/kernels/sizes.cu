// Scores from activations of all neurons. Behind prepare.cuh.

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
