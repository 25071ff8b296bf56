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

/// What the row chose, from its marks in memory of the block.
__device__ void write_row(const scu_select &a, const uint32_t *bits, int row) {
  const int words = (a.chosen.width + 31) / 32;
  uint32_t *marks = (uint32_t *)a.chosen.marks + (uint64_t)row * words;
  int count = 0;
  for (int w = threadIdx.x; w < words; w += SELECT_THREADS) {
    marks[w] = bits[w];
    count += __popc(bits[w]);
  }
  if (!a.reads) return;
  for (int m = 16; m; m >>= 1) count += __shfl_xor_sync(~0u, count, m);
  scu_reads *reads = (scu_reads *)a.reads;
  if ((threadIdx.x & 31) == 0 && count > 0) atomicAdd(&reads->chosen, (unsigned long long)count);
  if (threadIdx.x == 0) atomicAdd(&reads->tokens, 1ull);
}

/// Lists the numbers of all bits that are set, ascending; `starts` gets how many come before each
/// word, and behind the last how many there are.
__device__ void write_numbers(
  const uint32_t *bits, int words, int *starts, int *list, cut_memory &m) {
  int count = 0;
  for (int base = 0; base < words; base += SELECT_THREADS) {
    const int w = base + threadIdx.x;
    uint32_t word = w < words ? bits[w] : 0;
    int total;
    int place = count + block_scan(__popc(word), m.warps, total);
    if (w < words) starts[w] = place;
    for (; word; word &= word - 1) list[place++] = w * 32 + __ffs(word) - 1;
    count += total;
  }
  if (threadIdx.x == 0) starts[words] = count;
}

/// Lists the union where all rows of the step have chosen, in the block that comes last: of the
/// columns that its numbers stand for. `together` has room for a word for each 32 columns.
__device__ void unite(const scu_lists &l, uint32_t *bits, uint32_t *together, cut_memory &m) {
  __shared__ bool is_last;
  const int words = (l.width + 31) / 32, rows = gridDim.x;
  const int columns = l.width * l.group, all = (columns + 31) / 32;
  __syncthreads();
  if (rows > 1) {
    if (threadIdx.x == 0) {
      __threadfence();
      is_last = atomicAdd((int *)l.arrivals, 1) == rows - 1;
      __threadfence();
    }
    __syncthreads();
    if (!is_last) return;
    if (threadIdx.x == 0) *(int *)l.arrivals = 0;
    for (int w = threadIdx.x; w < words; w += SELECT_THREADS) {
      uint32_t word = 0;
#pragma unroll 8
      for (int r = 0; r < rows; r++) word |= __ldcg((const uint32_t *)l.marks + r * words + w);
      bits[w] = word;
    }
    __syncthreads();
  }
  for (int w = threadIdx.x; l.group > 1 && w < all; w += SELECT_THREADS) {
    uint32_t word = 0;
    for (int i = 0; i < 32; i++) {
      const int number = (w * 32 + i) / l.group;
      if (number < l.width) word |= (bits[number / 32] >> number % 32 & 1) << i;
    }
    together[w] = word;
  }
  __syncthreads();
  write_numbers(
    l.group > 1 ? together : bits, all, (int *)l.starts, (int *)l.members, m);
}

/// Words of 32 scores that a warp has under way.
constexpr int SCORES = 16;

extern "C" __global__ void __launch_bounds__(SELECT_THREADS) select_rows(const scu_select a) {
  // A word for each 32 neurons; then one for each 32 columns that groups stand for.
  extern __shared__ uint32_t bits[];
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
  const float threshold = a.selector.threshold;
  auto is_kept = [&](float s, int i) {
    return i < n && (is_large ? !(fabsf(s) <= threshold) : keeps(c, s, i));
  };
  const bool is_plain = a.group == 1 && !a.order && !among;
  const int first = (threadIdx.x >> 5) * SCORES, all = (n + 31) / 32;
  for (int base = first; base < all; base += SELECT_WARPS * SCORES) {
    float known[SCORES];
    uint32_t kept = 0;
#pragma unroll
    for (int u = 0; u < SCORES; u++) {
      const int i = (base + u) * 32 + lane;
      known[u] = i < n ? score(i) : 0;
    }
#pragma unroll
    for (int u = 0; u < SCORES; u++) {
      const uint32_t found = __ballot_sync(~0u, is_kept(known[u], (base + u) * 32 + lane));
      if (lane == u) kept = found;
    }
    if (is_plain) {
      if (lane < SCORES && base + lane < all) bits[base + lane] = kept;
      continue;
    }
#pragma unroll 1
    for (int u = 0; u < SCORES; u++) {
      const int i = (base + u) * 32 + lane;
      if (!(__shfl_sync(~0u, kept, u) >> lane & 1)) continue;
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
  write_row(a, bits, row);
  unite(a.chosen, bits, bits + words, m);
}
