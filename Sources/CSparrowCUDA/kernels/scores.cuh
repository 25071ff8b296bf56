// What rows alone and rows together must compute alike in attention, so that their bits are the
// same. Behind cache.cuh.

/// A score of the sum of products of a query and a key; its product is rounded.
__device__ __forceinline__ float score_of(const scu_attend &a, float sum) {
  const float score = __fmul_rn(sum, a.scale);
  return a.softcap != 0 ? __fmul_rn(a.softcap, tanhf(score / a.softcap)) : score;
}

/// Values are added up in runs of so many positions, each from its first to its last, and then the
/// runs in their order.
__device__ __forceinline__ int value_run(int head_dimension) {
  int run = 8;
  while (run < SCU_PAGE && 8 * run < head_dimension) run *= 2;
  return run;
}
