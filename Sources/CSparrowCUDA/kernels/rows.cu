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

/// A block of 256 threads a row: as many as products that norm a row by themselves have, so that
/// both add up in one order.
extern "C" __global__ void __launch_bounds__(256) norm_rows(const scu_norm a) {
  __shared__ float scratch[32];
  for (int i = threadIdx.x * 32; i < a.width; i += 32 * blockDim.x) {
    if (a.weight) fetch_ahead((const float *)a.weight + i);
    if (a.bias) fetch_ahead((const float *)a.bias + i);
  }
  follow();
  const row_norm norm(a, blockIdx.x, scratch);
  float *y = (float *)a.output + (uint64_t)blockIdx.x * a.output_width;
  // By pairs, as the row is prepared.
  for_pairs(a.width, a.width, [&](int i) { return norm.value(i); }, [&](int i, float u, float v) {
    y[2 * i] = u;
    if (2 * i + 1 < a.width) y[2 * i + 1] = v;
  });
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

/// A block a row.
extern "C" __global__ void activate_rows(const scu_activate a) {
  __shared__ float scratch[32];
  follow();
  float *x = (float *)a.values + (uint64_t)blockIdx.x * a.values_width;
  const float *gates = (const float *)a.gates + (uint64_t)blockIdx.x * a.gates_width;
  // By pairs, as the row is prepared.
  auto value = [&](int i) {
    return a.gates ? activated(a.activation, gates[i]) * x[i] : activated(a.activation, x[i]);
  };
  for_pairs(a.width, a.width, value, [&](int i, float u, float v) {
    x[2 * i] = u;
    if (2 * i + 1 < a.width) x[2 * i + 1] = v;
  });
  if (a.prepared.high)
    prepare_row(a.prepared, blockIdx.x, a.width, scratch, [&](int i) { return x[i]; });
}
