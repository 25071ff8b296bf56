// Activations of chosen neurons, and where they go. Behind prepare.cuh.

/// How many neurons the rows chose together.
__device__ __forceinline__ int union_count(const scu_lists &l) {
  return __ldcg((const int *)l.starts + (l.width * l.group + 31) / 32);
}

__device__ __forceinline__ int union_number(const scu_lists &l, int place) {
  return __ldcg((const int *)l.members + place);
}

/// Whether a row chose a neuron.
__device__ __forceinline__ bool is_marked(const scu_lists &l, int row, int neuron) {
  const uint32_t *marks = (const uint32_t *)l.marks + row * ((l.width + 31) / 32);
  return __ldcg(marks + neuron / 32) >> neuron % 32 & 1;
}

/// Writes a neuron's activation of a row that chose it, from its products with gate and up.
__device__ __forceinline__ void store_neuron(
  const scu_neurons &a, int neuron, int row, float gate, float up) {
  const uint64_t at = (uint64_t)row * a.width + neuron;
  const float *gate_bias = (const float *)a.gate_bias, *up_bias = (const float *)a.up_bias;
  float y = up_bias ? up + up_bias[neuron] : up;
  if (a.gates) y *= __ldcg((const float *)a.gates + at);
  else if (a.gate.weights) y *= activated(a.activation, gate_bias ? gate + gate_bias[neuron] : gate);
  else y = activated(a.activation, y);
  ((float *)a.values)[at] = y;
  if (a.estimates) ((float *)a.estimates)[at] = 0;
}
