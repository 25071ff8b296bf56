// Scores in runs of 64 of which the greatest is known, so that who looks for great ones reads few.
// Behind cut.cuh.

constexpr int SCORE_RUN = 64;

struct score_runs {
  const float *scores, *best;  ///< of a run its greatest score
  int count, score_count;
};

/// Gives away 32 scores at a time of a warp's part of the runs, with those of them that are `floor`
/// or more: only of runs whose best is as good.
template <class Body>
__device__ __forceinline__ void for_each_part(const score_runs &r, float floor, Body body) {
  const int lane = threadIdx.x & 31;
  int begin, end;
  warp_part(r.count, begin, end);
  for (int b = begin; b < end; b += 32) {
    uint32_t good = __ballot_sync(~0u, b + lane < end && r.best[b + lane] >= floor);
    for (; good; good &= good - 1) {
      const int first = (b + __ffs(good) - 1) * SCORE_RUN;
#pragma unroll
      for (int part = 0; part < SCORE_RUN; part += 32) {
        const int id = first + part + lane;
        body(id, __ballot_sync(~0u, id < r.score_count && r.scores[id] >= floor));
      }
    }
  }
}

/// The numbers of scores from `floor` on, ascending, at most `room` of them; returns how many there
/// are.
__device__ int gather_scores(
  const score_runs r, float floor, int *ids, int room, cut_memory &m) {
  const int lane = threadIdx.x & 31;
  int own = 0, total;
  for_each_part(r, floor, [&](int, uint32_t bits) { own += __popc(bits); });
  int before = block_scan(lane == 0 ? own : 0, m.warps, total);
  before = __shfl_sync(~0u, before, 0);
  for_each_part(r, floor, [&](int id, uint32_t bits) {
    const int place = before + __popc(bits & ((1u << lane) - 1));
    if ((bits >> lane & 1) && place < room) ids[place] = id;
    before += __popc(bits);
  });
  __syncthreads();
  return total;
}
