// Where scores are cut, found by a block: the k-th greatest by counting digits of its bits, or a
// floor that is known. Counts have no order, so that atomics on them change nothing.
//
// Constants: SELECT_THREADS of a block, 1024 at most.

constexpr int SELECT_WARPS = SELECT_THREADS / 32, BINS = 2048, OWN_BINS = BINS / SELECT_THREADS;

struct cut {
  float floor;
  int tie_end;  ///< scores equal to the floor are kept before this one
};

__device__ __forceinline__ cut everything() { return {-INFINITY, 0x7fffffff}; }

/// Never true for what is no number.
__device__ __forceinline__ bool keeps(cut c, float score, int index) {
  return score > c.floor || (score == c.floor && index < c.tie_end);
}

struct cut_memory {
  int bins[BINS];
  int warps[SELECT_WARPS];
  double sums[SELECT_WARPS];
  int bin, above, equal, index;
};

/// The sum of all threads before this one, and of all.
__device__ __forceinline__ int block_scan(int x, int *warps, int &total) {
  const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5;
  int sum = x;
  for (int m = 1; m < 32; m <<= 1) {
    const int y = __shfl_up_sync(~0u, sum, m);
    if (lane >= m) sum += y;
  }
  __syncthreads();
  if (lane == 31) warps[warp] = sum;
  __syncthreads();
  int before = 0;
  total = 0;
  for (int w = 0; w < SELECT_WARPS; w++) {
    if (w < warp) before += warps[w];
    total += warps[w];
  }
  return before + sum - x;
}

__device__ __forceinline__ double block_sum_exactly(double x, double *warps) {
  for (int m = 16; m; m >>= 1) x += __shfl_xor_sync(~0u, x, m);
  __syncthreads();
  if ((threadIdx.x & 31) == 0) warps[threadIdx.x >> 5] = x;
  __syncthreads();
  double total = 0;
  for (int w = 0; w < SELECT_WARPS; w++) total += warps[w];
  return total;
}

/// Rises with the score; what is no number ranks as minus infinity, and the zeros are one.
__device__ __forceinline__ uint32_t rank_bits(float x) {
  if (x != x) x = -INFINITY;
  const uint32_t u = __float_as_uint(x + 0.0f);
  return u ^ (u >> 31 ? 0xffffffffu : 0x80000000u);
}

/// The part of `n` numbers that a warp goes through in order, in whole runs of 32.
__device__ __forceinline__ void warp_part(int n, int &begin, int &end) {
  const int each = ((n + SELECT_WARPS - 1) / SELECT_WARPS + 31) / 32 * 32;
  begin = min((int)(threadIdx.x >> 5) * each, n);
  end = min(begin + each, n);
}

/// The index behind the `count`-th of the scores that equal `floor`; no end where there are fewer.
template <class Scores>
__device__ int find_tie_end(Scores score, int n, float floor, int count, cut_memory &m) {
  const int lane = threadIdx.x & 31;
  int begin, end, own = 0, total;
  warp_part(n, begin, end);
  for (int i = begin; i < end; i += 32)
    own += __popc(__ballot_sync(~0u, i + lane < end && score(i + lane) == floor));
  if (threadIdx.x == 0) m.index = 0x7fffffff;
  // Every lane has its warp's count; the scan wants it once.
  int before = block_scan(lane == 0 ? own : 0, m.warps, total);
  before = __shfl_sync(~0u, before, 0);
  if (before < count && count <= before + own) {
    for (int i = begin; i < end; i += 32) {
      const uint32_t equal = __ballot_sync(~0u, i + lane < end && score(i + lane) == floor);
      const int rank = before + __popc(equal & ((2u << lane) - 1));
      if ((equal >> lane & 1) && rank == count) m.index = i + lane + 1;
      before += __popc(equal);
    }
  }
  __syncthreads();
  return m.index;
}

/// The k-th greatest of n scores, 1 <= k <= n; `left` gets how many of those that equal it are
/// among the k, `m.equal` how many there are.
template <class Scores>
__device__ float find_greatest(Scores score, int n, int k, int &left, cut_memory &m) {
  uint32_t prefix = 0, known = 0;
  left = k;
  for (int shift = 21;; shift = shift == 21 ? 10 : 0) {
    const uint32_t digit = shift == 0 ? 1023 : BINS - 1;
    __syncthreads();
    for (int b = threadIdx.x; b < BINS; b += SELECT_THREADS) m.bins[b] = 0;
    __syncthreads();
    for (int i = threadIdx.x; i < n; i += SELECT_THREADS) {
      const uint32_t u = rank_bits(score(i));
      if ((u & known) == prefix) atomicAdd(m.bins + (u >> shift & digit), 1);
    }
    __syncthreads();
    // The greatest bins first.
    const int first = BINS - 1 - OWN_BINS * threadIdx.x;
    int own = 0, total;
    for (int b = 0; b < OWN_BINS; b++) own += m.bins[first - b];
    int before = block_scan(own, m.warps, total);
    if (before < left && left <= before + own) {
      int bin = first;
      while (left > before + m.bins[bin]) before += m.bins[bin--];
      m.bin = bin, m.above = before, m.equal = m.bins[bin];
    }
    __syncthreads();
    prefix |= (uint32_t)m.bin << shift, known |= digit << shift;
    left -= m.above;
    if (shift == 0) break;
  }
  return __uint_as_float(prefix ^ (prefix >> 31 ? 0x80000000u : 0xffffffffu));
}

/// The cut that keeps the k greatest of n scores, of equal ones those with the lowest index.
template <class Scores> __device__ cut find_top(Scores score, int n, int k, cut_memory &m) {
  if (k <= 0) return {__int_as_float(0x7fffffff), 0};
  if (k >= n) return everything();
  int left;
  const float floor = find_greatest(score, n, k, left, m);
  if (left >= m.equal) return {floor, 0x7fffffff};
  return {floor, find_tie_end(score, n, floor, left, m)};
}

/// mean + deviation * Q(1 - k / n) of the scores that are finite.
template <class Scores>
__device__ cut find_statistical(Scores score, int n, int k, cut_memory &m) {
  if (k <= 0) return {__int_as_float(0x7fffffff), 0};
  if (threadIdx.x == 0) m.index = n;
  __syncthreads();
  for (int i = threadIdx.x; i < n; i += SELECT_THREADS)
    if (score(i) - score(i) == 0) {
      atomicMin(&m.index, i);
      break;
    }
  __syncthreads();
  if (k >= n || m.index == n) return everything();
  // Differences from one score: equal scores give exactly that score and no deviation.
  const double origin = score(m.index);
  double sum = 0, squares = 0, count = 0;
  for (int i = threadIdx.x; i < n; i += SELECT_THREADS) {
    const float s = score(i);
    const double difference = s - s == 0 ? s - origin : 0;
    sum += difference, squares += difference * difference, count += s - s == 0;
  }
  sum = block_sum_exactly(sum, m.sums), squares = block_sum_exactly(squares, m.sums);
  count = block_sum_exactly(count, m.sums);
  const double shift = sum / count, variance = fmax(0.0, squares / count - shift * shift);
  const double quantile = -normcdfinv((double)k / n);
  return {(float)(origin + shift + sqrt(variance) * quantile), 0x7fffffff};
}
