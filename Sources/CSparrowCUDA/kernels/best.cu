// The greatest logits of rows, so that the host need not read them all. Behind cut.cuh.

constexpr int BEST_RUN = 64, BEST_WARPS = 8, CROWD = 1024;

/// The greatest logit of each run, a warp a run; what is no number counts for nothing.
extern "C" __global__ void __launch_bounds__(BEST_WARPS * 32) best_of_runs(const scu_best a) {
  follow();
  const int lane = threadIdx.x & 31, run = blockIdx.x * BEST_WARPS + (threadIdx.x >> 5);
  const int runs = (a.width + BEST_RUN - 1) / BEST_RUN;
  if (run >= runs) return;
  const float *logits = (const float *)a.logits + (uint64_t)blockIdx.y * a.width;
  float best = -INFINITY;
#pragma unroll
  for (int part = 0; part < BEST_RUN; part += 32) {
    const int id = run * BEST_RUN + part + lane;
    if (id < a.width) best = fmaxf(best, logits[id]);
  }
  best = warp_max(best);
  if (lane == 0) ((float *)a.runs)[(uint64_t)blockIdx.y * runs + run] = best;
}

struct best_memory {
  float bests[CROWD];  ///< of runs that may matter, and their numbers
  int runs[CROWD];
  float logits[CROWD];  ///< that may be among the greatest, and their ids
  int ids[CROWD];
  float floors[SELECT_WARPS], floor;
};

/// Gives the numbers below n that are kept away, ascending, each with its place among them; returns
/// how many there are.
template <class Kept, class Take>
__device__ __forceinline__ int compact(int n, Kept kept, Take take, int *warps) {
  const int lane = threadIdx.x & 31;
  int begin, end, own = 0, total;
  warp_part(n, begin, end);
  auto bits = [&](int i) { return __ballot_sync(~0u, i + lane < end && kept(i + lane)); };
#pragma unroll 4
  for (int i = begin; i < end; i += 32) own += __popc(bits(i));
  int before = block_scan(lane == 0 ? own : 0, warps, total);
  before = __shfl_sync(~0u, before, 0);
  for (int i = begin; i < end; i += 32) {
    const uint32_t found = bits(i);
    if (found >> lane & 1) take(before + __popc(found & ((1u << lane) - 1)), i + lane);
    before += __popc(found);
  }
  __syncthreads();
  return total;
}

/// How many of n values go before that at `i`: greater ones, and of equal ones those before it.
__device__ __forceinline__ int rank_of(const float *values, int n, int i) {
  const float own = values[i];
  int rank = 0;
#pragma unroll 8
  for (int j = 0; j < n; j++) rank += values[j] > own || (values[j] == own && j < i);
  return rank;
}

/// A floor that at least SCU_BEST runs reach, where there are as many: two in each warp do.
__device__ __forceinline__ float find_floor(const float *best, int runs, best_memory &m) {
  float first = -INFINITY, second = -INFINITY;
  for (int i = (threadIdx.x & 31) * SELECT_WARPS + (threadIdx.x >> 5); i < runs;
       i += SELECT_THREADS) {
    second = fmaxf(second, fminf(first, best[i]));
    first = fmaxf(first, best[i]);
  }
  for (int step = 16; step; step >>= 1) {
    const float u = __shfl_xor_sync(~0u, first, step), v = __shfl_xor_sync(~0u, second, step);
    second = fmaxf(fmaxf(second, v), fminf(first, u));
    first = fmaxf(first, u);
  }
  if ((threadIdx.x & 31) == 0) m.floors[threadIdx.x >> 5] = second;
  __syncthreads();
  float floor = INFINITY;
  for (int w = 0; w < SELECT_WARPS; w++) floor = fminf(floor, m.floors[w]);
  return floor;
}

/// Lists logits among which the greatest are, by id; returns how many there are, above CROWD where
/// there is no room.
__device__ __forceinline__ int find_candidates(
  const float *logits, const float *best, int width, int runs, best_memory &m, int *warps) {
  float floor = find_floor(best, runs, m);
  const int count = compact(
    runs, [&](int i) { return best[i] >= floor; },
    [&](int place, int i) {
      if (place < CROWD) m.bests[place] = best[i], m.runs[place] = i;
    },
    warps);
  if (count > CROWD) return count;
  // No logit below the best of as many runs as are wanted is among the greatest.
  if (threadIdx.x == 0) m.floor = -INFINITY;
  __syncthreads();
  if (threadIdx.x < count && rank_of(m.bests, count, threadIdx.x) == SCU_BEST - 1)
    m.floor = m.bests[threadIdx.x];
  __syncthreads();
  floor = m.floor;
  auto id = [&](int i) { return m.runs[i / BEST_RUN] * BEST_RUN + i % BEST_RUN; };
  return compact(
    count * BEST_RUN,
    [&](int i) {
      if (m.bests[i / BEST_RUN] < floor || id(i) >= width) return false;
      const float logit = logits[id(i)];
      return logit >= floor && logit > -INFINITY;
    },
    [&](int place, int i) {
      if (place < CROWD) m.logits[place] = logits[id(i)], m.ids[place] = id(i);
    },
    warps);
}

/// The SCU_BEST greatest logits of a row that has more, of equal ones those with the lowest ids,
/// ascending by id; a block a row.
extern "C" __global__ void __launch_bounds__(SELECT_THREADS) find_best(const scu_best a) {
  __shared__ cut_memory c;
  __shared__ best_memory m;
  follow();
  const int runs = (a.width + BEST_RUN - 1) / BEST_RUN;
  const float *logits = (const float *)a.logits + (uint64_t)blockIdx.x * a.width;
  const float *best = (const float *)a.runs + (uint64_t)blockIdx.x * runs;
  scu_best_row &row = ((scu_best_row *)a.best)[blockIdx.x];
  int count = find_candidates(logits, best, a.width, runs, m, c.warps);
  if (count <= CROWD) {
    const bool is_kept =
      threadIdx.x < count && rank_of(m.logits, count, threadIdx.x) < SCU_BEST;
    m.bests[threadIdx.x] = is_kept;
    __syncthreads();
    count = compact(
      count, [&](int i) { return m.bests[i] != 0; },
      [&](int place, int i) { row.ids[place] = m.ids[i], row.logits[place] = m.logits[i]; },
      c.warps);
  } else {
    // Logits crowd: all are ranked.
    const cut least = find_top([&](int i) { return logits[i]; }, a.width, SCU_BEST, c);
    count = compact(
      a.width, [&](int i) { return keeps(least, logits[i], i) && logits[i] > -INFINITY; },
      [&](int place, int i) { row.ids[place] = i, row.logits[place] = logits[i]; }, c.warps);
  }
  // Where too few are numbers the host decides.
  if (threadIdx.x == 0) row.count = count == SCU_BEST ? SCU_BEST : 0;
}
