// HiRE-Softmax: candidates by their scores, exact logits of those, then of all rows in doubt.
// Behind cut.cuh and gather.cuh.

/// Gives away 32 rows at a time of a warp's part of a row's blocks of 64, with those of them whose
/// scores are `floor` or more: only of blocks whose best is as good.
template <class Body>
__device__ __forceinline__ void for_each_run(
  const scu_search &a, int row, float floor, Body body) {
  const int lane = threadIdx.x & 31;
  const float *scores = (const float *)a.scores + (uint64_t)row * a.blocks * 64;
  const float *best = (const float *)a.best + (uint64_t)row * a.blocks;
  int begin, end;
  warp_part(a.blocks, begin, end);
  for (int b = begin; b < end; b += 32) {
    uint32_t good = __ballot_sync(~0u, b + lane < end && best[b + lane] >= floor);
    for (; good; good &= good - 1) {
      const int first = (b + __ffs(good) - 1) * 64;
#pragma unroll
      for (int half = 0; half < 64; half += 32) {
        const int id = first + half + lane;
        body(id, __ballot_sync(~0u, id < a.row_count && scores[id] >= floor));
      }
    }
  }
}

/// The vocabulary rows with scores from `floor` on, ascending, at most as many as there is room
/// for; returns how many there are.
__device__ int gather_rows(const scu_search &a, int row, float floor, cut_memory &m) {
  const int lane = threadIdx.x & 31;
  int *ids = (int *)a.ids + (uint64_t)row * a.capacity;
  int own = 0, total;
  for_each_run(a, row, floor, [&](int, uint32_t bits) { own += __popc(bits); });
  int before = block_scan(lane == 0 ? own : 0, m.warps, total);
  before = __shfl_sync(~0u, before, 0);
  for_each_run(a, row, floor, [&](int id, uint32_t bits) {
    const int place = before + __popc(bits & ((1u << lane) - 1));
    if ((bits >> lane & 1) && place < a.capacity) ids[place] = id;
    before += __popc(bits);
  });
  __syncthreads();
  return total;
}

/// The k' best scores of each row.
extern "C" __global__ void __launch_bounds__(SELECT_THREADS) find_candidates(const scu_search a) {
  __shared__ cut_memory m;
  follow();
  const int row = blockIdx.x;
  const float *scores = (const float *)a.scores + (uint64_t)row * a.blocks * 64;
  const float *best = (const float *)a.best + (uint64_t)row * a.blocks;
  const int *ids = (const int *)a.ids + (uint64_t)row * a.capacity;
  // At least as many blocks as k' have a best score among the k' best of blocks, so that few rows
  // need be looked at. Where there are fewer blocks, or rows crowd, all scores are ranked.
  int found = a.capacity + 1, left;
  if (a.blocks >= a.wanted) {
    const float floor = find_greatest([&](int i) { return best[i]; }, a.blocks, a.wanted, left, m);
    found = gather_rows(a, row, floor, m);
  }
  float threshold = 0;
  if (found > a.capacity) {
    found = a.row_count;
    threshold = find_greatest([&](int i) { return scores[i]; }, found, a.wanted, left, m);
  } else if (found >= a.wanted) {
    threshold = find_greatest([&](int i) { return scores[ids[i]]; }, found, a.wanted, left, m);
  }
  found = found < a.wanted ? 0 : gather_rows(a, row, threshold, m);
  if (threadIdx.x != 0) return;
  scu_search_state &state = ((scu_search_state *)a.states)[row];
  // Fewer than k' only where scores are no numbers: the dense head decides.
  state.count = found < a.wanted || found > a.capacity ? 0 : found;
  state.threshold = threshold;
  state.goes_on = 0;
  state.calls++;
}

constexpr int EXACT_WARPS = 8;

__device__ __forceinline__ float finished(const scu_search &a, float logit) {
  logit *= a.scale;
  return a.softcap != 0 ? a.softcap * tanhf(logit / a.softcap) : logit;
}

/// Exact logits of the candidates, a warp each; in the second pass of the rows that go on.
extern "C" __global__ void __launch_bounds__(EXACT_WARPS * 32) exact_logits(const scu_search a) {
  extern __shared__ __align__(16) float x[];
  follow();
  const int row = blockIdx.y, lane = threadIdx.x & 31;
  const scu_search_state &state = ((const scu_search_state *)a.states)[row];
  const int count = state.count, first = blockIdx.x * EXACT_WARPS;
  if (first >= count) return;
  const int *ids = (const int *)a.ids + (uint64_t)row * a.capacity;
  float *logits = (float *)a.logits + (uint64_t)row * a.capacity;
  const bool computes = !a.is_last || state.goes_on;
  if (computes) {
    const float *input = (const float *)a.input + (uint64_t)row * a.input_width;
    stage(x, input, a.matrix.columns, a.matrix.stride);
  }
  for (int i = first + (threadIdx.x >> 5); i < count; i += gridDim.x * EXACT_WARPS) {
    const float logit = computes ? row_dot(a.matrix, ids[i], x) : logits[i];
    if (lane == 0) logits[i] = a.is_last ? finished(a, logit) : logit;
  }
}

/// Goes on to every row whose score the sketch's deviation cannot rule out.
extern "C" __global__ void __launch_bounds__(SELECT_THREADS) review_candidates(const scu_search a) {
  __shared__ cut_memory m;
  __shared__ float scratch[32];
  follow();
  const int row = blockIdx.x;
  scu_search_state &state = ((scu_search_state *)a.states)[row];
  const int count = state.count;
  const float threshold = state.threshold;
  if (count == 0) return;
  const float *logits = (const float *)a.logits + (uint64_t)row * a.capacity;
  const float *x = (const float *)a.directions + (uint64_t)row * a.direction_count;
  int left;
  const float frontier =
    find_greatest([&](int i) { return logits[i]; }, count, min(a.rank, count), left, m);
  float energy = 0;
  for (int i = threadIdx.x; i < a.direction_count; i += blockDim.x)
    energy = fmaf(x[i], x[i], energy);
  energy = block_sum(energy, scratch);
  const float spread = a.deviation * sqrtf(energy / a.hidden);
  const float floor = frontier - ((const float *)a.mean_dots)[row] - a.doubt * spread;
  // A floor that is no number also leads to nothing: the dense head decides.
  int found = 0;
  const bool ends = floor >= threshold;
  if (!ends) found = gather_rows(a, row, floor, m);
  if (threadIdx.x != 0) return;
  state.rows += count;
  if (ends) return;
  state.goes_on = found > 0 && found <= a.capacity;
  state.count = state.goes_on ? found : 0;
  state.rows += state.goes_on ? found : a.row_count;
}
