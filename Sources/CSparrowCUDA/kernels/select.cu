// Scores become selections: a block a row. Behind cut.cuh.

/// The bits of a score of a group that is not there to be chosen.
constexpr uint32_t ABSENT = 0x7fffdead;

struct group_members {
  const int *order;
  int size;

  __device__ __forceinline__ int operator()(int group, int i) const {
    const int place = group * size + i;
    return order ? order[place] : place;
  }
};

/// What groups are chosen by: their own scores, or the sums of their neurons' sizes.
__device__ void sum_groups(
  const scu_select &a, const group_members &members, const float *scores, const uint32_t *among,
  float *work) {
  for (int g = threadIdx.x; g < a.groups; g += SELECT_THREADS) {
    float sum = a.sums ? 0 : scores[g];
    for (int i = 0; a.sums && i < a.group; i++) sum += fabsf(scores[members(g, i)]);
    const int first = members(g, 0);
    if (among && !(among[first / 32] >> first % 32 & 1)) sum = __uint_as_float(ABSENT);
    work[g] = sum;
  }
  __syncthreads();
  for (int c = threadIdx.x; c < a.common_count; c += SELECT_THREADS)
    work[((const int *)a.common)[c]] = __uint_as_float(ABSENT);
  __syncthreads();
}

/// The numbers of the groups that are there, in order; returns how many.
__device__ int find_present(const float *work, int n, int *found, cut_memory &m) {
  const int lane = threadIdx.x & 31;
  int begin, end, own = 0, total;
  warp_part(n, begin, end);
  auto present = [&](int i) {
    return __ballot_sync(~0u, i + lane < end && __float_as_uint(work[i + lane]) != ABSENT);
  };
  for (int i = begin; i < end; i += 32) own += __popc(present(i));
  int before = block_scan(lane == 0 ? own : 0, m.warps, total);
  before = __shfl_sync(~0u, before, 0);
  for (int i = begin; i < end; i += 32) {
    const uint32_t bits = present(i);
    if (bits >> lane & 1) found[before + __popc(bits & ((1u << lane) - 1))] = i + lane;
    before += __popc(bits);
  }
  __syncthreads();
  return total;
}

/// Leaves the greatest scores of each bucket: the others become no numbers. A bucket a thread.
template <class Place>
__device__ void keep_buckets(const scu_selector &s, float *work, Place place, int n) {
  for (int b = threadIdx.x; b < s.buckets; b += SELECT_THREADS) {
    float least = INFINITY;
    int left = s.per_bucket, equal = 0;
    // The next lower score, until so many are found; scores that are no numbers never are.
    for (bool is_first = true; left > equal && (is_first || least > -INFINITY); is_first = false) {
      left -= equal;
      float next = -INFINITY;
      for (int i = b; i < n; i += s.buckets) {
        const float x = work[place(i)];
        if ((is_first || x < least) && x > next) next = x;
      }
      least = next, equal = 0;
      for (int i = b; i < n; i += s.buckets) equal += work[place(i)] == least;
    }
    for (int i = b; i < n; i += s.buckets) {
      float &x = work[place(i)];
      const bool is_tie = x == least && left > 0;
      left -= is_tie;
      if (!(x > least) && !is_tie) x = __int_as_float(0x7fffffff);
    }
  }
  __syncthreads();
}

template <class Scores>
__device__ cut find_cut(const scu_selector &s, Scores score, int n, cut_memory &m) {
  switch (s.kind) {
    case SCU_THRESHOLD: return {s.threshold, 0x7fffffff};
    case SCU_STATISTICAL: return find_statistical(score, n, s.k, m);
    default: return find_top(score, n, s.k, m);
  }
}

/// The list of all bits that are set, ascending, with its count.
__device__ void write_list(
  const scu_select &a, const uint32_t *bits, int *starts, int row, cut_memory &m) {
  const int words = (a.chosen.width + 31) / 32, lane = threadIdx.x & 31;
  int count = 0;
  for (int base = 0; base < words; base += SELECT_THREADS) {
    const int w = base + threadIdx.x;
    int total;
    const int before = block_scan(w < words ? __popc(bits[w]) : 0, m.warps, total);
    if (w < words) starts[w] = count + before;
    count += total;
  }
  __syncthreads();
  int *list = (int *)a.chosen.indices + (uint64_t)row * a.chosen.width;
  uint32_t *marks = (uint32_t *)a.chosen.marks + (uint64_t)row * words;
  for (int w = threadIdx.x >> 5; w < words; w += SELECT_WARPS) {
    const uint32_t word = bits[w];
    if (word >> lane & 1) list[starts[w] + __popc(word & ((1u << lane) - 1))] = w * 32 + lane;
    if (lane == 0) marks[w] = word;
  }
  if (threadIdx.x != 0) return;
  ((int *)a.chosen.counts)[row] = count;
  if (!a.reads) return;
  scu_reads *reads = (scu_reads *)a.reads;
  atomicAdd(&reads->tokens, 1ull);
  atomicAdd(&reads->chosen, (unsigned long long)count);
}

extern "C" __global__ void __launch_bounds__(SELECT_THREADS) select_rows(const scu_select a) {
  extern __shared__ uint32_t bits[];  // a word and its start for each 32 neurons
  __shared__ cut_memory m;
  follow();
  const int row = blockIdx.x, words = (a.chosen.width + 31) / 32, lane = threadIdx.x & 31;
  const group_members members = {(const int *)a.order, a.group};
  const float *scores = (const float *)a.scores + (uint64_t)row * a.stride;
  const uint32_t *among = a.among ? (const uint32_t *)a.among + (uint64_t)row * words : 0;
  float *work = (float *)a.work + (uint64_t)row * 2 * a.groups;
  int *found = (int *)(work + a.groups), n = a.groups;
  for (int w = threadIdx.x; w < words; w += SELECT_THREADS) bits[w] = 0;
  const bool is_bucketed = a.selector.kind == SCU_BUCKETED
    && a.selector.per_bucket < (n + a.selector.buckets - 1) / a.selector.buckets;
  const bool copies = a.sums || among || a.common_count > 0 || is_bucketed;
  if (copies) sum_groups(a, members, scores, among, work);
  if (among) n = find_present(work, a.groups, found, m);
  auto place = [&](int i) { return among ? found[i] : i; };
  if (is_bucketed) keep_buckets(a.selector, work, place, n);
  const float *source = copies ? work : scores;
  auto score = [&](int i) { return source[place(i)]; };
  const bool is_large = a.selector.kind == SCU_LARGE;
  const cut c = is_large ? cut{0, 0} : find_cut(a.selector, score, n, m);
  __syncthreads();
  const bool is_plain = a.group == 1 && !a.order && !among;
  for (int base = threadIdx.x & ~31; base < n; base += SELECT_THREADS) {
    const int i = base + lane;
    const float s = i < n ? score(i) : 0;
    const bool is_kept = i < n && (is_large ? !(fabsf(s) <= a.selector.threshold) : keeps(c, s, i));
    const uint32_t kept = __ballot_sync(~0u, is_kept);
    if (is_plain) {
      if (lane == 0) bits[base / 32] = kept;
    } else if (is_kept) {
      for (int j = 0; j < a.group; j++) {
        const int neuron = members(place(i), j);
        atomicOr(bits + neuron / 32, 1u << neuron % 32);
      }
    }
  }
  __syncthreads();
  for (int i = threadIdx.x; i < a.common_count * a.group; i += SELECT_THREADS) {
    const int neuron = members(((const int *)a.common)[i / a.group], i % a.group);
    atomicOr(bits + neuron / 32, 1u << neuron % 32);
  }
  __syncthreads();
  write_list(a, bits, (int *)bits + words, row, m);
}
