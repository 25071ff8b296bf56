// Attention and the prediction of a network's neurons side by side: both read what the phase before
// has left, and neither is enough work for all multiprocessors. Included behind both.

extern "C" __global__ void __launch_bounds__(prediction::THREADS + 32, RESIDENT)
attend_and_predict(
  const __grid_constant__ scu_attend_phase a, const __grid_constant__ scu_predict_phase p) {
  const int attending = a.key_heads * a.splits, block = blockIdx.x;
  if (block >= attending)
    return prediction::predict(
      p, *(prediction::predict_memory *)dynamic_memory, block - attending, gridDim.x - attending);
  if (threadIdx.x >= attention::WARPS * 32) return follow();
  attention::attend(
    a, *(attention::memory *)dynamic_memory, block % a.key_heads, block / a.key_heads);
}
