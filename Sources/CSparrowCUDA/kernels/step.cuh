// A decoding step of one row as phases of one kernel: every multiprocessor has one block, whose
// last warp streams weights through a ring, over the ends of phases, while the others multiply and
// wait for each other's blocks between phases.

struct step_memory : step_state {
  ring_memory ring;
};

extern __shared__ __align__(128) char dynamic_memory[];

struct phase {
  int index, kind, layer;
  uint64_t base;  ///< of the layer's weights

  __device__ __forceinline__ phase(const scu_step &a, int index)
      : index(index),
        kind(a.phases[index] & ((1 << SCU_LAYER_SHIFT) - 1)),
        layer(a.phases[index] >> SCU_LAYER_SHIFT),
        base(a.layers[layer]) {}

  /// A vector or matrix of the layer; NULL without.
  template <typename T = float>
  __device__ __forceinline__ const T *at(uint64_t offset) const {
    return offset ? (const T *)(base + offset) : 0;
  }
};

__device__ __forceinline__ bool is_sparse(const scu_step &a, int layer) {
  return a.sparse[layer / 64] >> layer % 64 & 1;
}

__device__ __forceinline__ const uint32_t *neuron_mask(const scu_step &a, int layer) {
  return (const uint32_t *)(a.neuron_masks + (uint64_t)layer * a.neuron_mask_bytes);
}

__device__ __forceinline__ const uint32_t *head_mask(const scu_step &a, int layer) {
  return (const uint32_t *)(a.head_masks + (uint64_t)layer * a.head_mask_bytes);
}

__device__ __forceinline__ int share(int count, int block) {
  return (int)((long long)count * block / BLOCKS);
}

// MARK: - Between blocks

/// By all consumers: all blocks have ended the phases before. What they left is dated and may still
/// be on its way; but to ask for much of it over and over would hold up those who are behind.
__device__ __forceinline__ void wait_for_blocks(const scu_step &a, const phase &p) {
  if (threadIdx.x == 0) {
    uint32_t arrived;
    do {
      asm volatile("ld.relaxed.gpu.global.u32 %0, [%1];"
                   : "=r"(arrived)
                   : "l"(a.arrivals)
                   : "memory");
    } while (arrived < BLOCKS * p.index);
  }
  meet();
}

/// By one thread, once what it waits for in a phase is there.
__device__ __forceinline__ void tell_time(const scu_step &a, const phase &p) {
  if (a.times != 0 && blockIdx.x == 0 && threadIdx.x == 0)
    asm volatile("mov.u64 %0, %%globaltimer;" : "=l"(((uint64_t *)a.times)[p.index]));
}

/// By all consumers, after all that they write in a phase.
__device__ __forceinline__ void end(const scu_step &a, const phase &p) {
  meet();
  if (threadIdx.x != 0) return;
  if (p.index + 1 == a.phase_count) {
    __threadfence();
    const uint32_t before = atomicAdd((uint32_t *)a.arrivals, 1);
    // Nobody waits any more: the next step begins at zero.
    if (before == BLOCKS * a.phase_count - 1) atomicExch((uint32_t *)a.arrivals, 0);
  } else {
    asm volatile("red.relaxed.gpu.global.add.u32 [%0], 1;" ::"l"(a.arrivals) : "memory");
  }
}

/// The date of what a phase writes.
__device__ __forceinline__ uint32_t date(const scu_step &a, int index) {
  return a.turn * SCU_PHASES + index;
}

/// A number beside its date, in one word that others see whole: a phase that leaves only such words
/// need not wait until they are there.
__device__ __forceinline__ void leave(uint64_t address, int index, float value, uint32_t date) {
  const uint64_t word = (uint64_t)date << 32 | __float_as_uint(value);
  asm volatile("st.relaxed.gpu.global.u64 [%0], %1;" ::"l"(address + 8 * index), "l"(word)
               : "memory");
}

/// A dated number as it is now.
__device__ __forceinline__ uint64_t ask(uint64_t address, int index) {
  uint64_t word;
  asm volatile("ld.relaxed.gpu.global.u64 %0, [%1];" : "=l"(word) : "l"(address + 8 * index)
               : "memory");
  return word;
}

/// A dated number that was asked for, once it is there.
__device__ __forceinline__ float take(uint64_t word, uint64_t address, int index, uint32_t date) {
  while ((uint32_t)(word >> 32) != date) word = ask(address, index);
  return __uint_as_float((uint32_t)word);
}

/// Dated numbers, the i-th at `at(i)`, once all of them are there: what is not is asked for again.
template <int COUNT, typename At>
__device__ __forceinline__ void take_at(float (&x)[COUNT], uint64_t address, uint32_t date, At at) {
  uint64_t words[COUNT] = {};
  bool are_there;
  do {
    are_there = true;
#pragma unroll
    for (int i = 0; i < COUNT; i++)
      asm volatile(
        "{\n.reg .pred missing;\nsetp.ne.u32 missing, %2, %3;\n"
        "@missing ld.relaxed.gpu.global.u64 %0, [%1];\n}"
        : "+l"(words[i])
        : "l"(address + 8 * at(i)), "r"((uint32_t)(words[i] >> 32)), "r"(date)
        : "memory");
#pragma unroll
    for (int i = 0; i < COUNT; i++) are_there &= (uint32_t)(words[i] >> 32) == date;
  } while (!are_there);
#pragma unroll
  for (int i = 0; i < COUNT; i++) x[i] = __uint_as_float((uint32_t)words[i]);
}

/// Dated numbers, `stride` apart and below `count`.
template <int COUNT>
__device__ __forceinline__ void take(
  float (&x)[COUNT], uint64_t address, int first, int stride, int count, uint32_t date) {
  take_at(x, address, date, [=](int i) { return min(first + i * stride, count - 1); });
}

/// The same by pairs of neighbours, `at(i)` of every first one.
template <int COUNT, typename At>
__device__ __forceinline__ void take_pairs(
  float (&x)[COUNT], uint64_t address, uint32_t date, At at) {
  uint64_t words[COUNT] = {};
  bool are_there;
  do {
    are_there = true;
#pragma unroll
    for (int i = 0; i < COUNT; i += 2) {
      const uint32_t wrong =
        ((uint32_t)(words[i] >> 32) ^ date) | ((uint32_t)(words[i + 1] >> 32) ^ date);
      asm volatile(
        "{\n.reg .pred missing;\nsetp.ne.u32 missing, %3, 0;\n"
        "@missing ld.relaxed.gpu.global.v2.u64 {%0, %1}, [%2];\n}"
        : "+l"(words[i]), "+l"(words[i + 1])
        : "l"(address + 8 * at(i)), "r"(wrong)
        : "memory");
    }
#pragma unroll
    for (int i = 0; i < COUNT; i++) are_there &= (uint32_t)(words[i] >> 32) == date;
  } while (!are_there);
#pragma unroll
  for (int i = 0; i < COUNT; i++) x[i] = __uint_as_float((uint32_t)words[i]);
}

/// A thread's part of a dated vector.
__device__ __forceinline__ void take_own(float (&x)[OWN], uint64_t address, uint32_t date) {
  take_pairs(x, address, date, [](int i) { return column(i / 8) + i % 8; });
}

/// Leaves two neighbours, the first one's index even.
__device__ __forceinline__ void leave_pair(uint64_t address, float x, float y, uint32_t date) {
  asm volatile("st.relaxed.gpu.global.v2.u64 [%0], {%1, %2};" ::"l"(address),
               "l"((uint64_t)date << 32 | __float_as_uint(x)),
               "l"((uint64_t)date << 32 | __float_as_uint(y))
               : "memory");
}

/// Leaves a thread's part of a vector, dated.
__device__ __forceinline__ void leave_own(uint64_t address, const float (&x)[OWN], uint32_t date) {
#pragma unroll
  for (int i = 0; i < OWN; i += 2)
    leave_pair(address + 8 * (column(i / 8) + i % 8), x[i], x[i + 1], date);
}

// MARK: - Selections

/// A word of a mask: eight bits, and above them the last 24 of the date of the phase that made it.
__device__ __forceinline__ void leave_bits(
  const uint32_t *mask, int index, uint32_t bits, uint32_t date) {
  asm volatile("st.relaxed.gpu.global.u32 [%0], %1;" ::"l"(mask + index), "r"(date << 8 | bits)
               : "memory");
}

/// Its bits, once they are there if the device makes them.
__device__ __forceinline__ uint32_t take_bits(
  const uint32_t *mask, int index, bool is_made, uint32_t date) {
  uint32_t word;
  do {
    asm volatile("ld.relaxed.gpu.global.u32 %0, [%1];" : "=r"(word) : "l"(mask + index) : "memory");
  } while (is_made && word >> 8 != (date & 0xffffff));
  return word & 0xff;
}

/// By one warp: the head groups of a mask.
template <typename List>
__device__ __forceinline__ void list_heads(
  List &list, const uint32_t *mask, bool is_made, uint32_t date) {
  const int lane = threadIdx.x & 31;
  int count = 0;
  for (int base = 0; base < KEY_HEADS; base += 32) {
    const int head = base + lane;
    const bool is_touched =
      head < KEY_HEADS && (!mask || (take_bits(mask, head / 8, is_made, date) >> head % 8 & 1));
    const uint32_t touched = __ballot_sync(~0u, is_touched);
    if (is_touched) list.heads[count + __popc(touched & ((1u << lane) - 1))] = head;
    count += __popc(touched);
  }
  if (lane == 0) list.count = count;
  __syncwarp();
}

/// By the producer: the block's part of the neurons that a mask selects.
__device__ __forceinline__ void list_neurons(
  step_memory &m, const uint32_t *mask, int count, int group, bool is_made, uint32_t date) {
  const int lane = threadIdx.x & 31, words = (count + 31) / 32;
  // Many at once: each is a way to the second cache and back.
  constexpr int AT_ONCE = 16;
#pragma unroll 1
  for (int first = lane; first < MASK_WORDS; first += AT_ONCE * 32) {
    uint4 bits[AT_ONCE];
    bool are_there;
    do {
      are_there = true;
#pragma unroll
      for (int i = 0; i < AT_ONCE; i++)
        asm volatile("ld.relaxed.gpu.global.v4.u32 {%0, %1, %2, %3}, [%4];"
                     : "=r"(bits[i].x), "=r"(bits[i].y), "=r"(bits[i].z), "=r"(bits[i].w)
                     : "l"(mask + min(first + i * 32, words - 1) * 4)
                     : "memory");
#pragma unroll
      for (int i = 0; i < AT_ONCE; i++)
        are_there &= ((bits[i].x ^ date << 8) | (bits[i].y ^ date << 8) | (bits[i].z ^ date << 8)
                      | (bits[i].w ^ date << 8)) < 256;
    } while (is_made && !are_there);
#pragma unroll
    for (int i = 0; i < AT_ONCE; i++)
      if (first + i * 32 < MASK_WORDS)
        m.words[first + i * 32] = first + i * 32 >= words ? 0 : __byte_perm(
          __byte_perm(bits[i].x, bits[i].y, 0x0040), __byte_perm(bits[i].z, bits[i].w, 0x0040),
          0x5410);
  }
  __syncwarp();
  // An odd number of words a lane: all banks of the shared memory.
  constexpr int EACH = (MASK_WORDS + 31) / 32 | 1;
  const int begin = min(lane * EACH, MASK_WORDS), end = min(begin + EACH, MASK_WORDS);
  int own = 0;
#pragma unroll 4
  for (int i = begin; i < end; i++) own += __popc(m.words[i]);
  int after = own;
  for (int d = 1; d < 32; d <<= 1) {
    const int other = __shfl_up_sync(~0u, after, d);
    if (lane >= d) after += other;
  }
  const int total = __shfl_sync(~0u, after, 31) * group;
  const int first = share(total, blockIdx.x), last = share(total, blockIdx.x + 1);
  const int first_group = first / group, last_group = (last + group - 1) / group;
  int at = after - own;
  if (at < last_group && after > first_group)
    for (int i = begin; i < end; i++)
      for (uint32_t bits = m.words[i]; bits; bits &= bits - 1, at++)
        if (at >= first_group && at < last_group)
          m.groups[at - first_group] = i * 32 + __ffs(bits) - 1;
  if (lane == 0) m.first = first, m.last = last, m.first_group = first_group;
  __syncwarp();
}

/// The neuron that is the i-th touched.
__device__ __forceinline__ int listed_neuron(const step_memory &m, int i, int group) {
  return m.groups[i / group - m.first_group] * group + i % group;
}

__device__ __forceinline__ uint32_t scrambled(uint32_t x) {
  x ^= x >> 16, x *= 0x7feb352du;
  x ^= x >> 15, x *= 0x846ca68bu;
  return x ^ x >> 16;
}

/// Whether a score selects: by the threshold, or by chance once the score is known.
__device__ __forceinline__ bool is_selected(
  const scu_step &a, float score, float planted, int layer, int row) {
  if (planted == 0) return score >= a.threshold;
  return score == score && scrambled(row ^ scrambled(layer)) < (uint32_t)(planted * 4294967040.0f);
}
