// The phase of a lean step in which blocks attend: a part of a head each.

/// A part of a head's result, where the next phase takes it.
struct lean_part {
  uint64_t words;
  int whole, part;  ///< indices among the words
  bool is_only;
  uint32_t date;

  __device__ __forceinline__ void element(int i, float sum, float total) const {
    if (is_only) leave_word(words, whole + i, sum / total, date);
    else leave_word(words, part + 2 + i, sum, date);
  }

  __device__ __forceinline__ void state(float most, float total) const {
    if (is_only) return;
    leave_word(words, part, most, date);
    leave_word(words, part + 1, total, date);
  }
};

/// The heads of a layer, and the jobs that blocks have with them: a head's part each. The last
/// blocks come first, which have the least products.
struct lean_heads {
  scu_attend attend;
  int first, parts, group;

  __device__ __forceinline__ lean_heads(const lean_block &b, const scu_lean_phase &p)
      : attend(b.a.attend), group(HEADS / b.a.attend.key_heads) {
    attend.window = p.of.heads.window, attend.plane = p.of.heads.plane;
    const int position = b.row.position;
    first = (attend.window > 0 ? max(0, position + 1 - attend.window) : 0) / SCU_SPLIT;
    parts = position / SCU_SPLIT - first + 1;
  }

  __device__ __forceinline__ int first_job() const { return gridDim.x - 1 - blockIdx.x; }
  __device__ __forceinline__ int count() const { return HEADS * parts; }

  __device__ __forceinline__ attend_place place(const lean_block &b, int job) const {
    return attend_place(attend, b.row, first + job / HEADS);
  }

  /// Brings the cache of a job near.
  __device__ __forceinline__ void stage(lean_block &b, int job) const {
    if (!IS_STAGED || job >= count()) return;
    stage_cached(
      b.m, paged_cache(attend, b.row, job % HEADS / group), place(b, job));
  }
};

/// Norms and turns a query, and a key and a value where they are wanted.
__device__ __forceinline__ void make_own_heads(
  lean_block &b, const scu_heads &heads, int head, int own, bool has_own) {
  lean_memory &m = b.m;
  if (HEAD_NORMS) {
    finish_head(heads, m.query, 0, head, 0, m.scratch);
    if (!has_own) return;
    finish_head(heads, m.own[0], 1, own, 0, m.scratch);
    return finish_head(heads, m.own[1], 2, own, 0, m.scratch);
  }
  if (heads.turns) {
    // Both at once.
    const int half = heads.rotary / 2, count = has_own ? 2 * half : half;
    const float *c = (const float *)heads.turns, *s = c + half;
    for (int j = threadIdx.x; j < count; j += LEAN_THREADS) {
      float *x = j < half ? m.query : m.own[0];
      const int i = j % half, first = heads.interleaved ? 2 * i : i;
      turn(x[first], x[heads.interleaved ? 2 * i + 1 : i + half], c[i], s[i]);
    }
  }
  __syncthreads();
}

__device__ __forceinline__ void attend_phase(lean_block &b, const scu_lean_phase &p) {
  lean_memory &m = b.m;
  const lean_heads work(b, p);
  scu_heads heads = b.a.heads;
  heads.query_norm = p.of.heads.query_norm, heads.key_norm = p.of.heads.key_norm;
  heads.turns = p.of.heads.turns, heads.plane = p.of.heads.plane;
  heads.rotary = p.of.heads.rotary, heads.interleaved = p.of.heads.interleaved;
  for (int job = work.first_job(); job < work.count(); job += gridDim.x) {
    if (job != work.first_job()) work.stage(b, job);
    const int head = job % HEADS, own = head / work.group, part = job / HEADS;
    const attend_place at = work.place(b, job);
    const bool has_own = at.end > b.row.position;
    // Query, key and value at once.
    const int i = threadIdx.x % (HEAD / 2) * 2;
    for (int v = threadIdx.x / (HEAD / 2); v < (has_own ? 3 : 1);
         v += max(LEAN_THREADS / (HEAD / 2), 1)) {
      const int words = v == 0 ? p.taken + head * HEAD
        : p.taken + (HEADS + (v - 1) * heads.key_heads + own) * HEAD;
      float *to = v == 0 ? m.query : m.own[v - 1];
      float2 pair[1];
      take(pair, b.a.words, b.date_before(), [&](int) { return words + i; });
      to[i] = pair[0].x, to[i + 1] = pair[0].y;
    }
    __syncthreads();
    make_own_heads(b, heads, head, own, has_own);
    if (has_own) {
      cache_own(heads, m.own[0], m.own[1], own, b.row, head % work.group == 0);
    }
    const lean_part result = {
      b.a.words, b.a.attended + head * HEAD,
      b.a.parts + (head * SCU_LEAN_PARTS + part) * (HEAD + 2), work.parts == 1, b.date()};
    if constexpr (IS_STAGED) {
      if (has_own)
        for (int i = threadIdx.x; i < 2 * HEAD; i += LEAN_THREADS)
          ((uint16_t *)m.staged[i / HEAD][b.row.position - at.first])[i % HEAD] =
            to_half(m.own[i / HEAD][i % HEAD]);
      wait_for_copies<0>();
      __syncthreads();
      attend_part<8, HEAD>(work.attend, at, staged_cache{m, at.first}, m.query, 0, 0, result);
    } else {
      attend_part<8, HEAD>(
        work.attend, at, paged_cache(work.attend, b.row, own), m.query, has_own ? m.own[0] : 0,
        has_own ? m.own[1] : 0, result);
    }
    __syncthreads();
  }
}
