// Kernels over rows of a step: embedding, norms, sums, activations. A block a row, or a part of one.

/// Rows of the token embedding, scaled; or learned rows of positions, added.
extern "C" __global__ void embed_rows(const scu_embed a) {
  follow();
  const scu_row row = ((const scu_row *)a.rows_of_step)[blockIdx.x];
  float *out = (float *)a.output + (uint64_t)blockIdx.x * a.width;
  const int of_table = a.by_position ? row.position + a.offset : row.token;
  for (int i = threadIdx.x; i < a.table.columns; i += blockDim.x) {
    const float x = weight(a.table, of_table, i);
    out[i] = a.by_position ? out[i] + x : x * a.scale;
  }
}

extern "C" __global__ void norm_rows(const scu_norm a) {
  __shared__ float scratch[32];
  follow();
  const float *x = (const float *)a.input + (uint64_t)blockIdx.x * a.input_width;
  float *y = (float *)a.output + (uint64_t)blockIdx.x * a.output_width;
  const float *w = (const float *)a.weight, *b = (const float *)a.bias;
  float mean = 0, sum = 0;
  if (!a.is_rms) {
    for (int i = threadIdx.x; i < a.width; i += blockDim.x) sum += x[i];
    mean = block_sum(sum, scratch) / a.width;
    sum = 0;
  }
  for (int i = threadIdx.x; i < a.width; i += blockDim.x) sum += (x[i] - mean) * (x[i] - mean);
  const float inverse = 1 / sqrtf(block_sum(sum, scratch) / a.width + a.epsilon);
  // By pairs, as the row is prepared.
  for (int first = 2 * threadIdx.x; first < a.width; first += 2 * blockDim.x) {
    for (int i = first; i < min(first + 2, a.width); i++) {
      const float scaled = (x[i] - mean) * inverse * (w ? w[i] + a.offset : 1);
      y[i] = b ? scaled + b[i] : scaled;
    }
  }
  if (a.prepared.high)
    prepare_row(a.prepared, blockIdx.x, a.width, scratch, [&](int i) { return y[i]; });
}

/// Input rows in two terms; a block a row.
extern "C" __global__ void prepare_input(const scu_prepare a) {
  __shared__ float scratch[32];
  follow();
  const float *x = (const float *)a.input + (uint64_t)blockIdx.x * a.input_width;
  prepare_row(a.to, blockIdx.x, a.width, scratch, [&](int i) { return x[i]; });
}

/// output (=, +=) input * scale, capped.
extern "C" __global__ void add_rows(const scu_add a) {
  follow();
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= a.width) return;
  float x = ((const float *)a.input)[(uint64_t)blockIdx.y * a.input_width + i] * a.scale;
  if (a.softcap != 0) x = a.softcap * tanhf(x / a.softcap);
  float *y = (float *)a.output + (uint64_t)blockIdx.y * a.output_width + i;
  *y = a.adds ? *y + x : x;
}

__device__ __forceinline__ float activated(int activation, float x) {
  switch (activation) {
    case 0: return fmaxf(x, 0);
    case 1: return x > 0 ? x * x : 0;
    case 2: return x / (1 + expf(-x));
    case 3: return 0.5f * x * (1 + erff(x * 0.70710678f));
    case 4: return 0.5f * x * (1 + tanhf(0.79788456f * (x + 0.044715f * x * x * x)));
    default: return 1 / (1 + expf(-x));
  }
}

/// A block a row.
extern "C" __global__ void activate_rows(const scu_activate a) {
  __shared__ float scratch[32];
  follow();
  float *x = (float *)a.values + (uint64_t)blockIdx.x * a.values_width;
  const float *gates = (const float *)a.gates + (uint64_t)blockIdx.x * a.gates_width;
  // By pairs, as the row is prepared.
  for (int first = 2 * threadIdx.x; first < a.width; first += 2 * blockDim.x)
    for (int i = first; i < min(first + 2, a.width); i++)
      x[i] = a.gates ? activated(a.activation, gates[i]) * x[i] : activated(a.activation, x[i]);
  if (a.prepared.high)
    prepare_row(a.prepared, blockIdx.x, a.width, scratch, [&](int i) { return x[i]; });
}
