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

/// Lists that threads fill side by side, in any order.
struct best_memory {
  uint64_t runs[CROWD];    ///< that may matter, by their best
  uint64_t logits[CROWD];  ///< that may be among the greatest
  int ids[SCU_BEST];
  float floors[SELECT_WARPS], floor;
  int run_count, count;
};

/// Greater for what goes before: greater values, and of equal ones lower numbers.
__device__ __forceinline__ uint64_t key_of(float value, int number) {
  return (uint64_t)rank_bits(value) << 32 | (0xffffffffu - number);
}

__device__ __forceinline__ int number_of(uint64_t key) { return 0xffffffffu - (uint32_t)key; }

/// How many of n keys go before one.
__device__ __forceinline__ int rank_of(const uint64_t *keys, int n, uint64_t own) {
  int rank = 0;
#pragma unroll 8
  for (int i = 0; i < n; i++) rank += keys[i] > own;
  return rank;
}

__device__ __forceinline__ void put(uint64_t *keys, int &count, float value, int number) {
  const int place = atomicAdd(&count, 1);
  if (place < CROWD) keys[place] = key_of(value, number);
}

/// A floor that at least SCU_BEST runs reach, where there are as many: two in each warp do.
__device__ __forceinline__ float find_floor(const float *best, int runs, best_memory &m) {
  float first = -INFINITY, second = -INFINITY;
#pragma unroll 4
  for (int i = (threadIdx.x & 31) * SELECT_WARPS + (threadIdx.x >> 5); i < runs;
       i += SELECT_THREADS) {
    const float x = best[i];
    second = fmaxf(second, fminf(first, x)), first = fmaxf(first, x);
  }
  for (int step = 16; step; step >>= 1) {
    const float u = __shfl_xor_sync(~0u, first, step), v = __shfl_xor_sync(~0u, second, step);
    second = fmaxf(fmaxf(second, v), fminf(first, u)), first = fmaxf(first, u);
  }
  if ((threadIdx.x & 31) == 0) m.floors[threadIdx.x >> 5] = second;
  __syncthreads();
  float floor = INFINITY;
  for (int w = 0; w < SELECT_WARPS; w++) floor = fminf(floor, m.floors[w]);
  return floor;
}

/// Lists logits among which the greatest are; more than CROWD where there is no room.
__device__ __forceinline__ void find_candidates(
  const float *logits, const float *best, int width, int runs, best_memory &m) {
  const float least = find_floor(best, runs, m);
#pragma unroll 4
  for (int i = threadIdx.x; i < runs; i += SELECT_THREADS) {
    const float x = best[i];
    if (x >= least && x > -INFINITY) put(m.runs, m.run_count, x, i);
  }
  __syncthreads();
  const int count = m.run_count, lane = threadIdx.x & 31;
  if (count > CROWD) {
    m.count = CROWD + 1;
    __syncthreads();
    return;
  }
  // No logit below the best of as many runs as are wanted is among the greatest.
  if (threadIdx.x < count && rank_of(m.runs, count, m.runs[threadIdx.x]) == SCU_BEST - 1)
    m.floor = best[number_of(m.runs[threadIdx.x])];
  __syncthreads();
  const float floor = m.floor;
#pragma unroll 4
  for (int i = threadIdx.x >> 5; i < count; i += SELECT_WARPS) {
    const int first = number_of(m.runs[i]) * BEST_RUN + lane, second = first + 32;
    const float x = first < width ? logits[first] : -INFINITY;
    const float y = second < width ? logits[second] : -INFINITY;
    if (x >= floor && x > -INFINITY) put(m.logits, m.count, x, first);
    if (y >= floor && y > -INFINITY) put(m.logits, m.count, y, second);
  }
  __syncthreads();
}

/// The SCU_BEST greatest logits of a row that has more, of equal ones those with the lowest ids,
/// ascending by id; a block a row.
extern "C" __global__ void __launch_bounds__(SELECT_THREADS) find_best(const scu_best a) {
  __shared__ cut_memory c;
  __shared__ best_memory m;
  const int runs = (a.width + BEST_RUN - 1) / BEST_RUN, own = threadIdx.x;
  if (own == 0) m.run_count = 0, m.count = 0, m.floor = -INFINITY;
  __syncthreads();
  follow();
  const float *logits = (const float *)a.logits + (uint64_t)blockIdx.x * a.width;
  const float *best = (const float *)a.runs + (uint64_t)blockIdx.x * runs;
  find_candidates(logits, best, a.width, runs, m);
  if (m.count > CROWD) {
    // Logits crowd: all are ranked.
    const cut least = find_top([&](int i) { return logits[i]; }, a.width, SCU_BEST, c);
    __syncthreads();
    if (own == 0) m.count = 0;
    __syncthreads();
    for (int i = own; i < a.width; i += SELECT_THREADS)
      if (keeps(least, logits[i], i) && logits[i] > -INFINITY) put(m.logits, m.count, logits[i], i);
    __syncthreads();
  }
  const int rank = own < m.count ? rank_of(m.logits, m.count, m.logits[own]) : SCU_BEST;
  if (rank < SCU_BEST) m.ids[rank] = number_of(m.logits[own]);
  const int found = __syncthreads_count(rank < SCU_BEST);
  scu_best_row &row = ((scu_best_row *)a.best)[blockIdx.x];
  // Where too few are numbers the host decides.
  if (own == 0) row.count = found == SCU_BEST ? SCU_BEST : 0;
  if (own >= found) return;
  int place = 0;
#pragma unroll 8
  for (int i = 0; i < found; i++) place += m.ids[i] < m.ids[own];
  row.ids[place] = m.ids[own], row.logits[place] = logits[m.ids[own]];
}
