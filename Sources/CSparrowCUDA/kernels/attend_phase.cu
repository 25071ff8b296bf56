// Attention of a decoding step of one row: a block for each key/value head and each part of its
// pages. Keys and values of earlier positions are on their way before the row's own query is known.
//
// Constants: HEAD elements, GROUP query heads of a head group.

namespace attention {

constexpr int WARPS = 8, LANES = HEAD <= 64 ? 8 : HEAD <= 128 ? 16 : 32, KEYS = 32 / LANES;
/// Keys of a page that a warp sees, and passes in which it does.
constexpr int PASSES = SCU_PAGE / WARPS / KEYS;
static_assert(HEAD % 8 == 0 && HEAD <= 256, "a lane has eight elements");

struct loaded {
  uint4 keys[PASSES], values[PASSES];
};

__device__ __forceinline__ void unpack(float (&x)[8], uint4 w) {
  const uint32_t v[4] = {w.x, w.y, w.z, w.w};
#pragma unroll
  for (int i = 0; i < 4; i++) {
    x[2 * i] = from_half((uint16_t)v[i]);
    x[2 * i + 1] = from_half((uint16_t)(v[i] >> 16));
  }
}

/// Norms a head by a warp, in shared memory.
__device__ __forceinline__ void norm_head(float *x, const float *w, int is_rms, float epsilon) {
  const int lane = threadIdx.x & 31;
  float mean = 0, sum = 0;
  if (!is_rms) {
    for (int i = lane; i < HEAD; i += 32) sum += x[i];
    mean = warp_sum(sum) / HEAD;
    sum = 0;
  }
  for (int i = lane; i < HEAD; i += 32) sum += (x[i] - mean) * (x[i] - mean);
  const float inverse = 1 / sqrtf(warp_sum(sum) / HEAD + epsilon);
  for (int i = lane; i < HEAD; i += 32) x[i] = (x[i] - mean) * inverse * (w ? w[i] : 1);
  __syncwarp();
}

__device__ __forceinline__ void turn_head(float *x, const scu_attend_phase &a) {
  for (int i = threadIdx.x & 31; i < a.rotary / 2; i += 32) {
    const int first = a.interleaved ? 2 * i : i;
    const int second = a.interleaved ? 2 * i + 1 : i + a.rotary / 2;
    const float c = ((const float *)a.cosine)[i], s = ((const float *)a.sine)[i];
    const float u = x[first], v = x[second];
    x[first] = u * c - v * s;
    x[second] = u * s + v * c;
  }
  __syncwarp();
}

__device__ __forceinline__ void meet() {
  asm volatile("bar.sync 1, %0;" ::"n"(WARPS * 32) : "memory");
}

struct memory {
  float query[GROUP][HEAD], own[2][HEAD];
  float most_of[WARPS * KEYS], total_of[WARPS * KEYS], sums[WARPS * KEYS][HEAD];
};

/// By WARPS warps.
__device__ __forceinline__ void attend(
  const scu_attend_phase &a, memory &m, const int head, const int split) {
  auto &query = m.query;
  auto &own = m.own;
  auto &most_of = m.most_of;
  auto &total_of = m.total_of;
  auto &sums = m.sums;
  const int warp = threadIdx.x >> 5, lane = threadIdx.x & 31;
  const int slot = warp * KEYS + lane / LANES, part = lane % LANES * 8;
  const scu_row row = *(const scu_row *)a.row;
  const uint64_t *pages = (const uint64_t *)row.pages;
  const int least = a.window > 0 ? max(0, row.position + 1 - a.window) : 0;
  const int first_page = least / SCU_PAGE, page_count = row.position / SCU_PAGE - first_page + 1;
  const int each = (page_count + a.splits - 1) / a.splits;
  const int begin = first_page + split * each, end = min(begin + each, first_page + page_count);
  const uint64_t keys = a.plane + (uint64_t)head * SCU_PAGE * HEAD;
  const uint64_t values = a.plane + (uint64_t)(a.key_heads + head) * SCU_PAGE * HEAD;
  const bool is_active = part < HEAD;

  auto load = [&](loaded &l, int page) {
    const uint16_t *memory = (const uint16_t *)pages[page];
#pragma unroll
    for (int p = 0; p < PASSES; p++) {
      const int position = page * SCU_PAGE + slot + p * WARPS * KEYS;
      const bool is_there = is_active && position >= least && position < row.position;
      const int at = (slot + p * WARPS * KEYS) * HEAD + part;
      l.keys[p] = is_there ? load_once(memory + keys + at) : make_uint4(0, 0, 0, 0);
      l.values[p] = is_there ? load_once(memory + values + at) : make_uint4(0, 0, 0, 0);
    }
  };
  loaded next;
  if (begin < end) load(next, begin);
  follow();
  if (a.mask && !(__ldcg((const uint32_t *)a.mask + head / 32) >> head % 32 & 1)) return;

  // The row's own heads: rotated; its key and value as the cache holds them.
  for (int v = warp; v < GROUP + 2; v += WARPS) {
    float *to = v < GROUP ? query[v] : own[v - GROUP];
    const float *from = v < GROUP  ? (const float *)a.query + (head * GROUP + v) * a.query_next
      : v == GROUP ? (const float *)a.key + head * a.key_next
                   : (const float *)a.value + head * a.key_next;
    for (int i = lane; i < HEAD; i += 32) to[i] = __ldcg(from + i);
    __syncwarp();
    if (v < GROUP && a.query_norm)
      norm_head(to, (const float *)a.query_norm + (head * GROUP + v) * a.query_stride, a.is_rms, a.epsilon);
    if (v == GROUP && a.key_norm)
      norm_head(to, (const float *)a.key_norm + head * a.key_stride, a.is_rms, a.epsilon);
    if (v == GROUP + 1 && a.norms_value) norm_head(to, 0, a.is_rms, a.epsilon);
    if (v <= GROUP && a.cosine) turn_head(to, a);
    if (v >= GROUP) {
      for (int i = lane; i < HEAD; i += 32) {
        const uint16_t cached = to_half(to[i]);
        to[i] = from_half(cached);
        if (split == 0)
          ((uint16_t *)pages[row.position / SCU_PAGE])
            [(v == GROUP ? keys : values) + row.position % SCU_PAGE * HEAD + i] = cached;
      }
    }
  }
  meet();

  float most[GROUP], total[GROUP], sum[GROUP][8];
#pragma unroll
  for (int g = 0; g < GROUP; g++) {
    most[g] = -INFINITY, total[g] = 0;
#pragma unroll
    for (int i = 0; i < 8; i++) sum[g][i] = 0;
  }
#pragma unroll 1
  for (int page = begin; page < end; page++) {
    const loaded now = next;
    if (page + 1 < end) load(next, page + 1);
#pragma unroll
    for (int g = 0; g < GROUP; g++) {
      float q[8], score[PASSES], best = most[g];
#pragma unroll
      for (int i = 0; i < 8; i++) q[i] = is_active ? query[g][part + i] : 0;
#pragma unroll
      for (int p = 0; p < PASSES; p++) {
        const int position = page * SCU_PAGE + slot + p * WARPS * KEYS;
        float k[8], s = 0;
        unpack(k, now.keys[p]);
        if (position == row.position && is_active) {
#pragma unroll
          for (int i = 0; i < 8; i++) k[i] = own[0][part + i];
        }
#pragma unroll
        for (int i = 0; i < 8; i++) s = fmaf(q[i], k[i], s);
#pragma unroll
        for (int m = LANES / 2; m; m >>= 1) s += __shfl_xor_sync(~0u, s, m);
        s *= a.scale;
        if (a.softcap != 0) s = a.softcap * tanhf(s / a.softcap);
        score[p] = position >= least && position <= row.position ? s : -INFINITY;
        best = fmaxf(best, score[p]);
      }
      if (best == -INFINITY) continue;
      const float shrink = expf(most[g] - best);
      most[g] = best;
      total[g] *= shrink;
#pragma unroll
      for (int i = 0; i < 8; i++) sum[g][i] *= shrink;
#pragma unroll
      for (int p = 0; p < PASSES; p++) {
        const int position = page * SCU_PAGE + slot + p * WARPS * KEYS;
        const float w = expf(score[p] - best);
        float v[8];
        unpack(v, now.values[p]);
        if (position == row.position && is_active) {
#pragma unroll
          for (int i = 0; i < 8; i++) v[i] = own[1][part + i];
        }
        total[g] += w;
#pragma unroll
        for (int i = 0; i < 8; i++) sum[g][i] = fmaf(w, v[i], sum[g][i]);
      }
    }
  }

  // The slots' parts, joined in their order.
#pragma unroll
  for (int g = 0; g < GROUP; g++) {
    meet();
    if (lane % LANES == 0) most_of[slot] = most[g], total_of[slot] = total[g];
    if (is_active) {
#pragma unroll
      for (int i = 0; i < 8; i++) sums[slot][part + i] = sum[g][i];
    }
    meet();
    float best = -INFINITY, all = 0;
#pragma unroll
    for (int s = 0; s < WARPS * KEYS; s++) best = fmaxf(best, most_of[s]);
    float *to = (float *)a.parts + ((uint64_t)(head * GROUP + g) * a.splits + split) * (HEAD + 2);
    if (best == -INFINITY) {
      if (threadIdx.x == 0) to[0] = best, to[1] = 0;
      for (int i = threadIdx.x; i < HEAD; i += WARPS * 32) to[2 + i] = 0;
      continue;
    }
    for (int s = 0; s < WARPS * KEYS; s++) all += total_of[s] * expf(most_of[s] - best);
    for (int i = threadIdx.x; i < HEAD; i += WARPS * 32) {
      float y = 0;
      for (int s = 0; s < WARPS * KEYS; s++) y += sums[s][i] * expf(most_of[s] - best);
      to[2 + i] = y;
    }
    if (threadIdx.x == 0) to[0] = best, to[1] = all;
  }
}

}  // namespace attention

extern "C" __global__ void __launch_bounds__(attention::WARPS * 32) attend_phase(
  const __grid_constant__ scu_attend_phase a) {
  __shared__ attention::memory m;
  attention::attend(a, m, blockIdx.x % a.key_heads, blockIdx.x / a.key_heads);
}
