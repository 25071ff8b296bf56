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

/// The heads of a layer, and the jobs that blocks have with them: a head's part each.
struct lean_heads {
  static constexpr int GROUP = HEADS / KEY_HEADS;
  scu_attend attend;
  int first, parts, first_job;

  __device__ __forceinline__ lean_heads(const lean_block &b, const scu_lean_phase &p)
      : attend(b.a.attend), first_job(first_tile(p)) {
    attend.window = p.of.heads.window, attend.plane = p.of.heads.plane;
    const int position = b.row.position;
    first = (attend.window > 0 ? max(0, position + 1 - attend.window) : 0) / SCU_SPLIT;
    parts = position / SCU_SPLIT - first + 1;
  }

  __device__ __forceinline__ int count() const { return HEADS * parts; }

  __device__ __forceinline__ attend_place place(const lean_block &b, int job) const {
    return attend_place(attend, b.row, first + job / HEADS);
  }

  /// Brings the cache of a job near.
  __device__ __forceinline__ void stage(lean_block &b, int job) const {
    if (!IS_STAGED || job >= count()) return;
    stage_cached(b.m, paged_cache(attend, b.row, job % HEADS / GROUP), place(b, job));
  }
};

/// What a block makes of a layer's products: a query, and where its part has the row's own position
/// a key and a value.
struct lean_job {
  scu_heads heads;
  int head, own;
  int query;  ///< index among the words
  int place;  ///< of the key and the value, within the part
  bool has_own;

  __device__ __forceinline__ lean_job(
    lean_block &b, const scu_lean_phase &p, int head, const attend_place &at)
      : heads(b.a.heads), head(head), own(head / lean_heads::GROUP), query(p.taken),
        place(b.row.position - at.first), has_own(at.end > b.row.position) {
    const scu_lean_heads &own = p.of.heads;
    heads.query_norm = own.query_norm, heads.key_norm = own.key_norm, heads.turns = own.turns;
    heads.plane = own.plane, heads.rotary = own.rotary, heads.interleaved = own.interleaved;
  }

  /// Of a query, a key or a value.
  __device__ __forceinline__ int word(int kind) const {
    return query + (kind == 0 ? head : HEADS + (kind - 1) * KEY_HEADS + own) * HEAD;
  }

  __device__ __forceinline__ bool appends() const { return head % lean_heads::GROUP == 0; }
};

/// A query, a key or a value by a warp: turned on the way, and left where it is attended to.
__device__ __forceinline__ void take_head(lean_block &b, const lean_job &job, int kind) {
  lean_memory &m = b.m;
  const scu_heads &heads = job.heads;
  const int half = kind < 2 && heads.turns ? heads.rotary / 2 : 0;
  const float *turns = (const float *)heads.turns;
  uint16_t *cached = (uint16_t *)((const uint64_t *)b.row.pages)[b.row.position / SCU_PAGE]
    + cache_index(heads.plane, KEY_HEADS, HEAD, kind == 2, job.own, b.row.position);
  // Two elements that are turned together; or adjacent ones, behind those that are.
#pragma unroll
  for (int j = threadIdx.x % 32; j < HEAD / 2; j += 32) {
    const bool is_turned = j < half, is_far = is_turned && !heads.interleaved;
    const int first = is_far ? j : 2 * j, second = is_far ? j + half : 2 * j + 1;
    float cosine = 1, sine = 0;
    if (is_turned) cosine = turns[j], sine = turns[half + j];
    float2 x = take_two(
      b.a.words, b.date_before(), job.word(kind) + first, job.word(kind) + second);
    if (is_turned) turn(x.x, x.y, cosine, sine);
    if (kind == 0) {
      m.query[first] = x.x, m.query[second] = x.y;
      continue;
    }
    const uint16_t u = to_half(x.x), v = to_half(x.y);
    if (job.appends()) cached[first] = u, cached[second] = v;
    if constexpr (IS_STAGED) {
      uint16_t *staged = (uint16_t *)m.staged[kind - 1][job.place];
      staged[first] = u, staged[second] = v;
    } else {
      m.own[kind - 1][first] = from_half(u), m.own[kind - 1][second] = from_half(v);
    }
  }
}

/// The same by the block of all that it makes, normed before.
__device__ __forceinline__ void take_normed_heads(lean_block &b, const lean_job &job) {
  lean_memory &m = b.m;
  const int i = threadIdx.x % (HEAD / 2) * 2;
  for (int kind = threadIdx.x / (HEAD / 2); kind < (job.has_own ? 3 : 1);
       kind += max(LEAN_THREADS / (HEAD / 2), 1)) {
    float *to = kind == 0 ? m.query : m.own[kind - 1];
    float2 pair[1];
    take(pair, b.a.words, b.date_before(), [&](int) { return job.word(kind) + i; });
    to[i] = pair[0].x, to[i + 1] = pair[0].y;
  }
  __syncthreads();
  finish_head(job.heads, m.query, 0, job.head, 0, m.scratch);
  if (!job.has_own) return;
  finish_head(job.heads, m.own[0], 1, job.own, 0, m.scratch);
  finish_head(job.heads, m.own[1], 2, job.own, 0, m.scratch);
  cache_own(job.heads, m.own[0], m.own[1], job.own, b.row, job.appends());
  if constexpr (IS_STAGED)
    for (int i = threadIdx.x; i < 2 * HEAD; i += LEAN_THREADS)
      ((uint16_t *)m.staged[i / HEAD][job.place])[i % HEAD] = to_half(m.own[i / HEAD][i % HEAD]);
}

__device__ __forceinline__ void attend_phase(lean_block &b, const scu_lean_phase &p) {
  lean_memory &m = b.m;
  const lean_heads work(b, p);
#pragma unroll 1
  for (int index = work.first_job; index < work.count(); index += gridDim.x) {
    if (index != work.first_job) work.stage(b, index);
    const int head = index % HEADS, part = index / HEADS, warp = threadIdx.x / 32;
    const attend_place at = work.place(b, index);
    const lean_job job(b, p, head, at);
    if constexpr (HEAD_NORMS) take_normed_heads(b, job);
    else if (warp < (job.has_own ? 3 : 1)) take_head(b, job, warp);
    if constexpr (IS_STAGED) wait_for_copies<0>();
    __syncthreads();
    const lean_part result = {
      b.a.words, b.a.attended + head * HEAD,
      b.a.parts + (head * SCU_LEAN_PARTS + part) * (HEAD + 2), work.parts == 1, b.date()};
    if constexpr (IS_STAGED) {
      attend_part<8, HEAD>(work.attend, at, staged_cache{m, at.first}, m.query, 0, 0, result);
    } else {
      attend_part<8, HEAD>(
        work.attend, at, paged_cache(work.attend, b.row, job.own), m.query,
        job.has_own ? m.own[0] : 0, job.has_own ? m.own[1] : 0, result);
    }
    __syncthreads();
  }
}
