// The phases of a decoding step of one row, for wide models: every multiprocessor has one block,
// whose last warp streams weights through a ring while the others multiply.
//
// Constants: WIDTH of the residual stream, CONSUMERS warps, SLOT_ROWS rows of WIDTH bfloats a slot.

constexpr int THREADS = CONSUMERS * 32, VECTORS = WIDTH / 8 / THREADS, OWN = VECTORS * 8;
constexpr int ROW_BYTES = WIDTH * 2, BATCH = 8;
static_assert(WIDTH == THREADS * OWN, "whole vectors for each thread");

/// Groups that one block touches of a selection, at most.
constexpr int SHARE = 512;

struct phase_memory {
  ring_memory ring;
  float sums[2][CONSUMERS][BATCH];
  float neurons[2][BATCH];
  float scratch[2][CONSUMERS];
  int counts[CONSUMERS + 1];
  int groups[SHARE];
};

extern __shared__ __align__(128) char dynamic_memory[];

/// Waits for all consumers.
__device__ __forceinline__ void meet() { asm volatile("bar.sync 1, %0;" ::"n"(THREADS) : "memory"); }

/// Column of a thread's vector `v`.
__device__ __forceinline__ int column(int v) { return (threadIdx.x + v * THREADS) * 8; }

__device__ __forceinline__ void load_own(float (&x)[OWN], const float *from) {
#pragma unroll
  for (int v = 0; v < VECTORS; v++)
#pragma unroll
    for (int h = 0; h < 2; h++) {
      const float4 y = __ldcg((const float4 *)(from + column(v) + 4 * h));
      float *to = x + v * 8 + h * 4;
      to[0] = y.x, to[1] = y.y, to[2] = y.z, to[3] = y.w;
    }
}

/// The sum of all consumers' numbers, to all of them.
__device__ __forceinline__ float consumers_sum(float x, float *scratch) {
  x = warp_sum(x);
  if ((threadIdx.x & 31) == 0) scratch[threadIdx.x >> 5] = x;
  meet();
  float total = 0;
#pragma unroll
  for (int i = 0; i < CONSUMERS; i++) total += scratch[i];
  return total;
}

/// This thread's part of the normed input. Weights come before the wait: nothing changes them.
struct norm_weights {
  float weight[OWN], bias[OWN];
};

template <typename A>
__device__ __forceinline__ void load_norm(norm_weights &n, const A &a) {
  if (a.norm) load_own(n.weight, (const float *)a.norm);
  if (a.norm_bias) load_own(n.bias, (const float *)a.norm_bias);
}

template <typename A>
__device__ __forceinline__ void load_input(
  float (&x)[OWN], const A &a, const norm_weights &n, phase_memory &m) {
  load_own(x, (const float *)a.input);
  if (!a.norm) return;
  float mean = 0, sum = 0;
  if (!a.is_rms) {
#pragma unroll
    for (int i = 0; i < OWN; i++) sum += x[i];
    mean = consumers_sum(sum, m.scratch[0]) / WIDTH;
    sum = 0;
  }
#pragma unroll
  for (int i = 0; i < OWN; i++) sum += (x[i] - mean) * (x[i] - mean);
  const float inverse = rsqrtf(consumers_sum(sum, m.scratch[1]) / WIDTH + a.epsilon);
#pragma unroll
  for (int i = 0; i < OWN; i++) {
    x[i] = (x[i] - mean) * inverse * n.weight[i];
    if (a.norm_bias) x[i] += n.bias[i];
  }
}

/// A thread's part of a row times its part of x.
__device__ __forceinline__ float dot_own(const char *row, const float (&x)[OWN]) {
  float a = 0, b = 0;
#pragma unroll
  for (int v = 0; v < VECTORS; v++) {
    const uint4 w = *(const uint4 *)(row + column(v) * 2);
    const float *y = x + v * 8;
    a = fmaf(low(w.x), y[0], a), b = fmaf(high(w.x), y[1], b);
    a = fmaf(low(w.y), y[2], a), b = fmaf(high(w.y), y[3], b);
    a = fmaf(low(w.z), y[4], a), b = fmaf(high(w.z), y[5], b);
    a = fmaf(low(w.w), y[6], a), b = fmaf(high(w.w), y[7], b);
  }
  return a + b;
}

__device__ __forceinline__ void add_own(float (&sum)[OWN], const char *row, float factor) {
#pragma unroll
  for (int v = 0; v < VECTORS; v++) {
    const uint4 w = *(const uint4 *)(row + column(v) * 2);
    float *y = sum + v * 8;
    y[0] = fmaf(low(w.x), factor, y[0]), y[1] = fmaf(high(w.x), factor, y[1]);
    y[2] = fmaf(low(w.y), factor, y[2]), y[3] = fmaf(high(w.y), factor, y[3]);
    y[4] = fmaf(low(w.z), factor, y[4]), y[5] = fmaf(high(w.z), factor, y[5]);
    y[6] = fmaf(low(w.w), factor, y[6]), y[7] = fmaf(high(w.w), factor, y[7]);
  }
}

/// Adds eight numbers of each lane over the warp: lane 4 i has the i-th sum.
__device__ __forceinline__ float warp_sums(const float (&p)[BATCH]) {
  const int lane = threadIdx.x & 31;
  float q[4], r[2];
#pragma unroll
  for (int i = 0; i < 4; i++) {
    const float keep = lane & 16 ? p[i + 4] : p[i], send = lane & 16 ? p[i] : p[i + 4];
    q[i] = keep + __shfl_xor_sync(~0u, send, 16);
  }
#pragma unroll
  for (int i = 0; i < 2; i++) {
    const float keep = lane & 8 ? q[i + 2] : q[i], send = lane & 8 ? q[i] : q[i + 2];
    r[i] = keep + __shfl_xor_sync(~0u, send, 8);
  }
  float s = (lane & 4 ? r[1] : r[0]) + __shfl_xor_sync(~0u, lane & 4 ? r[0] : r[1], 4);
  s += __shfl_xor_sync(~0u, s, 2);
  return s + __shfl_xor_sync(~0u, s, 1);
}

/// Dot products of the next `count` rows of the ring, up to BATCH, over each warp's columns.
__device__ __forceinline__ void dot_batch(
  ring_memory &m, consumer &c, const float (&x)[OWN], int count, float (*sums)[BATCH]) {
  float p[BATCH];
  const char *slot = 0;
#pragma unroll
  for (int i = 0; i < BATCH; i++) {
    p[i] = 0;
    if (i >= count) continue;
    if (i % SLOT_ROWS == 0) slot = c.wait(m);
    p[i] = dot_own(slot + i % SLOT_ROWS * ROW_BYTES, x);
    if (i % SLOT_ROWS == SLOT_ROWS - 1 || i == count - 1) c.release(m);
  }
  const float s = warp_sums(p);
  if ((threadIdx.x & 3) == 0) sums[threadIdx.x >> 5][(threadIdx.x & 31) >> 2] = s;
}

__device__ __forceinline__ int share(int count, int block) {
  return (int)((long long)count * block / gridDim.x);
}

/// This block's part of what a mask selects of `count` members, `group` of a bit, ascending: members
/// [first, last) of all that are touched.
struct selected_part {
  int total, first, last, first_group;
};

/// By all threads of the block. The groups of the block's own part go to `m.groups`.
__device__ __forceinline__ selected_part find_part(
  phase_memory &m, const uint32_t *mask, int count, int group) {
  constexpr int ALL = THREADS + 32;
  const int words = (count / group + 31) / 32, each = (words + ALL - 1) / ALL;
  const int begin = min((int)threadIdx.x * each, words), end = min(begin + each, words);
  int own = 0;
  for (int i = begin; i < end; i++) own += __popc(__ldcg(mask + i));
  int before = own;
  for (int d = 1; d < 32; d <<= 1) {
    const int other = __shfl_up_sync(~0u, before, d);
    if ((threadIdx.x & 31) >= d) before += other;
  }
  if ((threadIdx.x & 31) == 31) m.counts[threadIdx.x >> 5] = before;
  __syncthreads();
  int selected = 0;
  for (int w = 0; w <= CONSUMERS; w++) {
    if (w == threadIdx.x >> 5) before += selected;
    selected += m.counts[w];
  }
  before -= own;
  selected_part part;
  part.total = selected * group;
  part.first = share(part.total, blockIdx.x);
  part.last = share(part.total, blockIdx.x + 1);
  part.first_group = part.first / group;
  const int last_group = (part.last + group - 1) / group;
  for (int i = begin; i < end; i++) {
    for (uint32_t bits = __ldcg(mask + i); bits; bits &= bits - 1, before++) {
      const int at = before - part.first_group;
      if (at >= 0 && before < last_group) m.groups[at] = i * 32 + __ffs(bits) - 1;
    }
  }
  __syncthreads();
  return part;
}

/// The member that is the i-th touched.
__device__ __forceinline__ int member(
  const phase_memory &m, const selected_part &p, int i, int group) {
  return m.groups[i / group - p.first_group] * group + i % group;
}

/// Rows of a block: of those that are always read, [first, last); then its part of the selected.
extern "C" __global__ void __launch_bounds__(THREADS + 32, RESIDENT) rows_phase(
  const __grid_constant__ scu_rows_phase a) {
  phase_memory &m = *(phase_memory *)dynamic_memory;
  open_ring(m.ring);
  const int lane = threadIdx.x & 31;
  const int masked = a.mask ? a.masked_rows : 0;
  const int first = masked + share(a.rows - masked, blockIdx.x);
  const int last = masked + share(a.rows - masked, blockIdx.x + 1);
  producer p(a.lag);
  // These are known before anything else is.
  if (threadIdx.x >= THREADS) {
    const int ahead = a.mask ? min(last, first + SLOTS / (BATCH / SLOT_ROWS) * BATCH) : last;
#pragma unroll 1
    for (int b = first; b < ahead; b += BATCH)
#pragma unroll 1
      for (int r = b; r < min(b + BATCH, ahead); r += SLOT_ROWS)
        p.fill(
          m.ring, (const char *)a.weights + (int64_t)r * ROW_BYTES, 1,
          min(SLOT_ROWS, min(b + BATCH, ahead) - r) * ROW_BYTES);
  }
  norm_weights n;
  if (threadIdx.x < THREADS) load_norm(n, a);
  follow();
  selected_part part{0, 0, 0, 0};
  if (a.mask) part = find_part(m, (const uint32_t *)a.mask, masked, a.group);
  if (threadIdx.x >= THREADS) {
    const int ahead = a.mask ? min(last, first + SLOTS / (BATCH / SLOT_ROWS) * BATCH) : last;
#pragma unroll 1
    for (int b = ahead; b < last; b += BATCH)
#pragma unroll 1
      for (int r = b; r < min(b + BATCH, last); r += SLOT_ROWS)
        p.fill(
          m.ring, (const char *)a.weights + (int64_t)r * ROW_BYTES, 1,
          min(SLOT_ROWS, min(b + BATCH, last) - r) * ROW_BYTES);
#pragma unroll 1
    for (int b = part.first; b < part.last; b += BATCH)
#pragma unroll 1
      for (int r = b; r < min(b + BATCH, part.last); r += SLOT_ROWS) {
        const int pieces = min(SLOT_ROWS, min(b + BATCH, part.last) - r);
        const int64_t row = member(m, part, r + min(lane, pieces - 1), a.group);
        p.fill(m.ring, (const char *)a.weights + row * ROW_BYTES, pieces, ROW_BYTES);
      }
    return;
  }
  float x[OWN];
  load_input(x, a, n, m);
  consumer c;
  int turn = 0;
  const int always = last - first, all = always + part.last - part.first;
#pragma unroll 1
  for (int b = 0; b < all; turn ^= 1) {
    const int count = min(BATCH, (b < always ? always : all) - b);
    dot_batch(m.ring, c, x, count, m.sums[turn]);
    meet();
    if (threadIdx.x < count) {
      float y = 0;
#pragma unroll
      for (int w = 0; w < CONSUMERS; w++) y += m.sums[turn][w][threadIdx.x];
      const int i = b + threadIdx.x;
      const int row =
        i < always ? first + i : member(m, part, part.first + i - always, a.group);
      if (a.bias) y += ((const float *)a.bias)[row];
      if (a.residual) y += __ldcg((const float *)a.residual + row);
      ((float *)a.output)[row] = y;
    }
    b += count;
  }
}

__device__ __forceinline__ float activated(int activation, float x) {
  switch (activation) {
    case 0: return fmaxf(x, 0);
    case 1: return x > 0 ? x * x : 0;
    case 2: return x / (1 + expf(-x));
    case 3: return 0.5f * x * (1 + erff(x * 0.70710678f));
    case 4: return 0.5f * x * (1 + tanhf(0.79788456f * (x + 0.044715f * x * x * x)));
    default: return 1 / (1 + expf(-x));
  }
}

constexpr int NETWORK_BATCH = GATED ? 4 : 8;

extern "C" __global__ void __launch_bounds__(THREADS + 32, RESIDENT) network_phase(
  const __grid_constant__ scu_network_phase a) {
  phase_memory &m = *(phase_memory *)dynamic_memory;
  open_ring(m.ring);
  const uint32_t *mask = (const uint32_t *)a.mask;
  selected_part own{a.neurons, share(a.neurons, blockIdx.x), share(a.neurons, blockIdx.x + 1), 0};
  if (mask) {
    follow();
    own = find_part(m, mask, a.neurons, a.group);
  }
  const int first = own.first, last = own.last;
  if (threadIdx.x >= THREADS) {
    const int lane = threadIdx.x & 31;
    producer p(a.lag);
#pragma unroll 1
    for (int b = first; b < last; b += NETWORK_BATCH) {
      const int size = min(NETWORK_BATCH, last - b);
#pragma unroll 1
      for (int part = GATED ? 0 : 1; part < 3; part++) {
        const char *matrix = (const char *)(part == 0 ? a.gate : part == 1 ? a.up : a.down);
#pragma unroll 1
        for (int r = 0; r < size; r += SLOT_ROWS) {
          const int pieces = min(SLOT_ROWS, size - r);
          const int i = b + r + min(lane, pieces - 1);
          const int64_t neuron = mask ? member(m, own, i, a.group) : i;
          p.fill(m.ring, matrix + neuron * ROW_BYTES, pieces, ROW_BYTES);
        }
      }
    }
    if (!mask) follow();
    return;
  }
  norm_weights n;
  load_norm(n, a);
  if (!mask) follow();
  float x[OWN], sum[OWN] = {};
  load_input(x, a, n, m);
  consumer c;
  int turn = 0;
#pragma unroll 1
  for (int b = first; b < last; b += NETWORK_BATCH, turn ^= 1) {
    const int size = min(NETWORK_BATCH, last - b);
    if (GATED) {
      // Gates, then ups, in one batch of sums.
      float p[BATCH];
      const char *slot = 0;
#pragma unroll
      for (int i = 0; i < BATCH; i++) {
        const int r = i % NETWORK_BATCH;
        p[i] = 0;
        if (r >= size) continue;
        if (r % SLOT_ROWS == 0) slot = c.wait(m.ring);
        p[i] = dot_own(slot + r % SLOT_ROWS * ROW_BYTES, x);
        if (r % SLOT_ROWS == SLOT_ROWS - 1 || r == size - 1) c.release(m.ring);
      }
      const float s = warp_sums(p);
      if ((threadIdx.x & 3) == 0) m.sums[turn][threadIdx.x >> 5][(threadIdx.x & 31) >> 2] = s;
    } else {
      dot_batch(m.ring, c, x, size, m.sums[turn]);
    }
    meet();
    if (threadIdx.x < size) {
      const int i = threadIdx.x;
      const int neuron = mask ? member(m, own, b + i, a.group) : b + i;
      float gate = 0, up = 0;
#pragma unroll
      for (int w = 0; w < CONSUMERS; w++) {
        gate += m.sums[turn][w][i];
        if (GATED) up += m.sums[turn][w][NETWORK_BATCH + i];
      }
      if (!GATED && a.up_bias) gate += ((const float *)a.up_bias)[neuron];
      if (GATED && a.gate_bias) gate += ((const float *)a.gate_bias)[neuron];
      if (GATED && a.up_bias) up += ((const float *)a.up_bias)[neuron];
      const float y = activated(a.activation, gate);
      m.neurons[turn][i] = GATED ? y * up : y;
    }
    meet();
    const char *slot = 0;
#pragma unroll
    for (int i = 0; i < NETWORK_BATCH; i++) {
      if (i >= size) continue;
      if (i % SLOT_ROWS == 0) slot = c.wait(m.ring);
      add_own(sum, slot + i % SLOT_ROWS * ROW_BYTES, m.neurons[turn][i]);
      if (i % SLOT_ROWS == SLOT_ROWS - 1 || i == size - 1) c.release(m.ring);
    }
  }
  float *partial = (float *)a.partial + (uint64_t)blockIdx.x * WIDTH;
#pragma unroll
  for (int v = 0; v < VECTORS; v++)
#pragma unroll
    for (int h = 0; h < 2; h++) {
      const float *y = sum + v * 8 + h * 4;
      *(float4 *)(partial + column(v) + 4 * h) = make_float4(y[0], y[1], y[2], y[3]);
    }
}

/// 32 columns a block of 256 threads.
extern "C" __global__ void reduce_phase(const scu_reduce_phase a) {
  __shared__ float sums[8][32];
  const int lane = threadIdx.x & 31, group = threadIdx.x >> 5, i = blockIdx.x * 32 + lane;
  const float bias = a.bias && i < a.width ? ((const float *)a.bias)[i] : 0;
  follow();
  float sum = 0;
  if (i < a.width) {
    const float *parts = (const float *)a.parts + i;
#pragma unroll 8
    for (int p = group; p < a.count; p += 8) sum += __ldcg(parts + (uint64_t)p * a.width);
  }
  sums[group][lane] = sum;
  __syncthreads();
  if (group == 0 && i < a.width) {
    float y = __ldcg((const float *)a.residual + i) + bias;
    for (int g = 0; g < 8; g++) y += sums[g][lane];
    ((float *)a.output)[i] = y;
  }
}
