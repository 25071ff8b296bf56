// Attention of one row: a block for each head group and each part of the cache. Keys and values of
// earlier positions are on their way before the row's own query is known.

/// Keys that all attending warps take at once, and such passes in a slot.
constexpr int PASS = ATTENDING * KEYS, PASSES = SCU_PAGE / PASS;
static_assert(SCU_PAGE % PASS == 0 && SLOT_BYTES >= SCU_PAGE * HEAD * 2, "a slot holds a page");

__device__ __forceinline__ void meet_attending() {
  asm volatile("bar.sync 2, %0;" ::"n"(ATTENDING * 32) : "memory");
}

/// One head group's part of the cache: keys [first, last).
struct attention_job {
  const uint64_t *pages;
  uint64_t keys, values;  ///< elements of a page before the group's own
  int group, split, first, last;

  __device__ __forceinline__ attention_job(
    const scu_row &row, int layer, int group, int split)
      : pages((const uint64_t *)row.pages), group(group), split(split) {
    keys = ((uint64_t)layer * 2 * KEY_HEADS + group) * SCU_PAGE * HEAD;
    values = keys + (uint64_t)KEY_HEADS * SCU_PAGE * HEAD;
    const int each = ((row.position + SPLITS - 1) / SPLITS + PASS - 1) / PASS * PASS;
    first = min(split * each, row.position), last = min(first + each, row.position);
  }

  /// Keys from `from` on that lie in one page.
  __device__ __forceinline__ int run(int from) const {
    return min(last, (from / SCU_PAGE + 1) * SCU_PAGE) - from;
  }
};

__device__ __forceinline__ void stream_cache(
  step_memory &m, producer &ring, const scu_row &row, const phase &p) {
  const int jobs = m.ahead.count * SPLITS;
#pragma unroll 1
  for (int i = blockIdx.x; i < jobs; i += BLOCKS) {
    const attention_job job(row, p.layer, m.ahead.heads[i / SPLITS], i % SPLITS);
#pragma unroll 1
    for (int from = job.first, count; from < job.last; from += count) {
      count = job.run(from);
      const uint16_t *page = (const uint16_t *)job.pages[from / SCU_PAGE];
      const int at = from % SCU_PAGE * HEAD;
      ring.fill(m.ring, page + job.keys + at, 1, count * HEAD * 2);
      ring.fill(m.ring, page + job.values + at, 1, count * HEAD * 2);
    }
  }
}

__device__ __forceinline__ void unpack(float (&x)[8], uint4 w) {
  const uint32_t v[4] = {w.x, w.y, w.z, w.w};
#pragma unroll
  for (int i = 0; i < 4; i++) {
    x[2 * i] = from_half((uint16_t)v[i]);
    x[2 * i + 1] = from_half((uint16_t)(v[i] >> 16));
  }
}

/// By a warp each: queries rotated; the key and the value as the cache holds them, and into it.
__device__ __forceinline__ void take_heads(
  const scu_step &a, attention_memory &m, const attention_job &job, const scu_row &row,
  const phase &p) {
  const int warp = threadIdx.x >> 5, lane = threadIdx.x & 31;
  for (int v = warp; v < GROUP + 2; v += ATTENDING) {
    float *to = v < GROUP ? m.query[v] : m.own[v - GROUP];
    float head[HEAD / 32];
    take(
      head, a.projected, job.group * HEAD_ROWS + v * HEAD + lane, 32, KEY_HEADS * HEAD_ROWS,
      date(a, p.index - 1));
#pragma unroll
    for (int n = 0; n < HEAD / 64; n++) {
      const int i = lane + n * 32;
      float x = head[n], y = head[n + HEAD / 64];
      if (v <= GROUP && a.cosine) {
        const float c = ((const float *)a.cosine)[i], s = ((const float *)a.sine)[i];
        const float turned = x * c - y * s;
        y = x * s + y * c, x = turned;
      }
      if (v >= GROUP) {
        const uint16_t u = to_half(x), w = to_half(y);
        x = from_half(u), y = from_half(w);
        if (job.split == 0) {
          uint16_t *cache = (uint16_t *)job.pages[row.position / SCU_PAGE]
            + (v == GROUP ? job.keys : job.values) + row.position % SCU_PAGE * HEAD;
          cache[i] = u, cache[i + HEAD / 2] = w;
        }
      }
      to[i] = x, to[i + HEAD / 2] = y;
    }
  }
  meet_attending();
}

/// What a lane has of one query's softmax over the keys that it saw.
struct running_sum {
  float most = -INFINITY, total = 0, sum[8] = {};

  __device__ __forceinline__ void shrink(float to) {
    const float scale = most == -INFINITY ? 0 : __expf(most - to);
    most = to, total *= scale;
#pragma unroll
    for (int i = 0; i < 8; i++) sum[i] *= scale;
  }

  __device__ __forceinline__ void add(float score, const float (&value)[8]) {
    const float weight = __expf(score - most);
    total += weight;
#pragma unroll
    for (int i = 0; i < 8; i++) sum[i] = fmaf(weight, value[i], sum[i]);
  }
};

__device__ __forceinline__ float score_of(const float *query, const float (&key)[8]) {
  float s = 0;
#pragma unroll
  for (int i = 0; i < 8; i++) s = fmaf(query[i], key[i], s);
#pragma unroll
  for (int d = LANES / 2; d; d >>= 1) s += __shfl_xor_sync(~0u, s, d);
  return s * rsqrtf((float)HEAD);
}

/// A run of keys, by the attending warps; the others only let go of its slots.
__device__ __forceinline__ void see_run(
  step_memory &m, consumer &ring, running_sum (&r)[GROUP], int count) {
  const bool attends = threadIdx.x < ATTENDING * 32;
  const int own = threadIdx.x / LANES, part = threadIdx.x % LANES * 8;
  float scores[GROUP][PASSES];
  const char *slot = ring.wait(m.ring);
  if (attends)
#pragma unroll
    for (int p = 0; p < PASSES; p++) {
      float key[8];
      unpack(key, *(const uint4 *)(slot + (min(own + p * PASS, count - 1) * HEAD + part) * 2));
#pragma unroll
      for (int g = 0; g < GROUP; g++) {
        const float score = score_of(m.attention.query[g] + part, key);
        scores[g][p] = own + p * PASS < count ? score : -INFINITY;
      }
    }
  ring.release(m.ring);
  slot = ring.wait(m.ring);
  if (attends) {
#pragma unroll
    for (int g = 0; g < GROUP; g++) {
      float best = r[g].most;
#pragma unroll
      for (int p = 0; p < PASSES; p++) best = fmaxf(best, scores[g][p]);
      r[g].shrink(best);
    }
#pragma unroll
    for (int p = 0; p < PASSES; p++) {
      float value[8];
      unpack(value, *(const uint4 *)(slot + (min(own + p * PASS, count - 1) * HEAD + part) * 2));
#pragma unroll
      for (int g = 0; g < GROUP; g++)
        if (own + p * PASS < count) r[g].add(scores[g][p], value);
    }
  }
  ring.release(m.ring);
}

/// By the attending warps: the row's own key, and the sums of all warps, in their order.
__device__ __forceinline__ void leave_part(
  const scu_step &a, attention_memory &m, const attention_job &job, running_sum (&r)[GROUP],
  uint32_t date) {
  const int warp = threadIdx.x >> 5, lane = threadIdx.x & 31;
  const int slot = threadIdx.x / LANES, part = lane % LANES * 8;
#pragma unroll
  for (int g = 0; g < GROUP; g++) {
    running_sum &own = r[g];
    if (job.split == SPLITS - 1) {
      float key[8], value[8];
#pragma unroll
      for (int i = 0; i < 8; i++) key[i] = m.own[0][part + i], value[i] = m.own[1][part + i];
      const float score = score_of(m.query[g] + part, key);
      if (slot == 0) {
        own.shrink(fmaxf(own.most, score));
        own.add(score, value);
      }
    }
#pragma unroll
    for (int d = LANES; d < 32; d <<= 1) {
      own.shrink(fmaxf(own.most, __shfl_xor_sync(~0u, own.most, d)));
      own.total += __shfl_xor_sync(~0u, own.total, d);
#pragma unroll
      for (int i = 0; i < 8; i++) own.sum[i] += __shfl_xor_sync(~0u, own.sum[i], d);
    }
    if (lane == 0) m.most[g][warp] = own.most, m.total[g][warp] = own.total;
    if (lane < LANES) {
      *(float4 *)(m.sums[g][warp] + part) =
        make_float4(own.sum[0], own.sum[1], own.sum[2], own.sum[3]);
      *(float4 *)(m.sums[g][warp] + part + 4) =
        make_float4(own.sum[4], own.sum[5], own.sum[6], own.sum[7]);
    }
  }
  meet_attending();
  for (int i = threadIdx.x; i < GROUP * HEAD; i += ATTENDING * 32) {
    const int g = i / HEAD, at = i % HEAD;
    float best = -INFINITY, all = 0, y = 0;
#pragma unroll
    for (int w = 0; w < ATTENDING; w++) best = fmaxf(best, m.most[g][w]);
#pragma unroll
    for (int w = 0; w < ATTENDING; w++) {
      const float scale = m.most[g][w] == -INFINITY ? 0 : __expf(m.most[g][w] - best);
      all = fmaf(m.total[g][w], scale, all), y = fmaf(m.sums[g][w][at], scale, y);
    }
    const int head = job.group * GROUP + g;
    if constexpr (SPLITS == 1) {
      leave(a.attended, head * HEAD + at, __fdividef(y, all), date);
      continue;
    }
    const int part = (head * SPLITS + job.split) * (HEAD + 2);
    leave(a.parts, part + 2 + at, y, date);
    if (at == 0) leave(a.parts, part, best, date), leave(a.parts, part + 1, all, date);
  }
}

/// By the attending warps of each of a head group's blocks: some elements of its result, of all
/// parts in their order.
__device__ __forceinline__ void join_parts(
  const scu_step &a, const attention_job &job, uint32_t date) {
  constexpr int EACH = (HEAD + SPLITS - 1) / SPLITS;
  for (int i = threadIdx.x; i < GROUP * EACH; i += ATTENDING * 32) {
    const int head = job.group * GROUP + i / EACH, at = job.split * EACH + i % EACH;
    if (at >= HEAD) continue;
    // The greatest score, the sum and the element of each part.
    float of[3 * SPLITS];
    take_at(of, a.parts, date, [=](int n) {
      return (head * SPLITS + n / 3) * (HEAD + 2) + (n % 3 < 2 ? n % 3 : 2 + at);
    });
    float best = -INFINITY, all = 0, y = 0;
#pragma unroll
    for (int s = 0; s < SPLITS; s++) best = fmaxf(best, of[3 * s]);
#pragma unroll
    for (int s = 0; s < SPLITS; s++) {
      const float scale = __expf(of[3 * s] - best);
      all = fmaf(of[3 * s + 1], scale, all), y = fmaf(of[3 * s + 2], scale, y);
    }
    leave(a.attended, head * HEAD + at, __fdividef(y, all), date);
  }
}

__device__ __forceinline__ void attend(
  const scu_step &a, step_memory &m, consumer &ring, const scu_row &row, const phase &p) {
  const int jobs = m.now.count * SPLITS;
  const bool attends = threadIdx.x < ATTENDING * 32;
#pragma unroll 1
  for (int i = blockIdx.x; i < jobs; i += BLOCKS) {
    const attention_job job(row, p.layer, m.now.heads[i / SPLITS], i % SPLITS);
    if (attends) take_heads(a, m.attention, job, row, p);
    running_sum r[GROUP];
#pragma unroll 1
    for (int from = job.first, count; from < job.last; from += count) {
      count = job.run(from);
      see_run(m, ring, r, count);
    }
    if (!attends) continue;
    leave_part(a, m.attention, job, r, date(a, p.index));
    if constexpr (SPLITS > 1) join_parts(a, job, date(a, p.index));
  }
}
