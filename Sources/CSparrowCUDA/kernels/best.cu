// The greatest logits of rows, so that the host need not read them all. Behind runs.cuh.

constexpr int BEST_WARPS = 8, CROWD = 2048;

/// The greatest logit of each run, a warp a run; what is no number counts for nothing.
extern "C" __global__ void __launch_bounds__(BEST_WARPS * 32) best_of_runs(const scu_best a) {
  follow();
  const int lane = threadIdx.x & 31, run = blockIdx.x * BEST_WARPS + (threadIdx.x >> 5);
  const int runs = (a.width + SCORE_RUN - 1) / SCORE_RUN;
  if (run >= runs) return;
  const float *logits = (const float *)a.logits + (uint64_t)blockIdx.y * a.width;
  float best = -INFINITY;
#pragma unroll
  for (int part = 0; part < SCORE_RUN; part += 32) {
    const int id = run * SCORE_RUN + part + lane;
    if (id < a.width) best = fmaxf(best, logits[id]);
  }
  best = warp_max(best);
  if (lane == 0) ((float *)a.runs)[(uint64_t)blockIdx.y * runs + run] = best;
}

/// The SCU_BEST greatest logits of a row with more, of equal ones those with the lowest ids,
/// ascending by id; a block a row.
extern "C" __global__ void __launch_bounds__(SELECT_THREADS) find_best(const scu_best a) {
  __shared__ cut_memory m;
  __shared__ int found[CROWD];
  follow();
  const int lane = threadIdx.x & 31, runs = (a.width + SCORE_RUN - 1) / SCORE_RUN;
  const float *logits = (const float *)a.logits + (uint64_t)blockIdx.x * a.width;
  const float *best = (const float *)a.runs + (uint64_t)blockIdx.x * runs;
  scu_best_row &row = ((scu_best_row *)a.best)[blockIdx.x];
  // As many runs as are wanted have a logit that is not below `floor`. Where there are fewer runs,
  // or logits crowd, all are ranked.
  int count = CROWD + 1, left, begin, end, own = 0, total;
  float floor = -INFINITY;
  if (runs >= SCU_BEST) {
    floor = find_greatest([&](int i) { return best[i]; }, runs, SCU_BEST, left, m);
    count = gather_scores({logits, best, runs, a.width}, floor, found, CROWD, m);
  }
  const bool crowds = count > CROWD;
  if (crowds) count = a.width;
  auto id = [&](int i) { return crowds ? i : found[i]; };
  cut least = everything();
  if (count >= SCU_BEST) least = find_top([&](int i) { return logits[id(i)]; }, count, SCU_BEST, m);
  auto kept = [&](int i) {
    return __ballot_sync(~0u, i + lane < end && keeps(least, logits[id(i + lane)], i + lane));
  };
  warp_part(count, begin, end);
  for (int i = begin; i < end; i += 32) own += __popc(kept(i));
  int before = block_scan(lane == 0 ? own : 0, m.warps, total);
  before = __shfl_sync(~0u, before, 0);
  for (int i = begin; i < end; i += 32) {
    const uint32_t bits = kept(i);
    const int place = before + __popc(bits & ((1u << lane) - 1));
    if ((bits >> lane & 1) && place < SCU_BEST) {
      row.ids[place] = id(i + lane);
      row.logits[place] = logits[id(i + lane)];
    }
    before += __popc(bits);
  }
  // Too few are numbers, or only infinities are left: the host decides.
  const bool serves = total == SCU_BEST && fmaxf(floor, least.floor) > -INFINITY;
  if (threadIdx.x == 0) row.count = serves ? SCU_BEST : 0;
}
