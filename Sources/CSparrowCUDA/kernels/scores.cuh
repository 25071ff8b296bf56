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

/// Whether a row attends to a head group.
__device__ __forceinline__ bool is_attended(const scu_attend &a, int row, int group) {
  const uint32_t *marks = (const uint32_t *)a.marks;
  return !marks || marks[(uint64_t)row * ((a.key_heads + 31) / 32) + group / 32] >> group % 32 & 1;
}

/// What a block of attention works on.
struct attend_place {
  scu_row row;
  int start, end;  ///< positions that it sees
  int first;       ///< where its part begins

  __device__ __forceinline__ attend_place(const scu_attend &a, int index) {
    row = ((const scu_row *)a.rows_of_step)[index];
    first = blockIdx.y * SCU_SPLIT;
    end = min(row.position + 1, first + SCU_SPLIT);
    start = max(first, a.window > 0 ? row.position + 1 - a.window : 0);
  }

  /// A position that it sees, other than its own.
  __device__ __forceinline__ bool sees_other(int position) const {
    return position >= start && position < end && position != row.position;
  }
};
