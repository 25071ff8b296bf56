// A ring of slots in shared memory that one warp fills by bulk copies and all others read.
//
// What is under way is limited: beyond some 48 KiB a multiprocessor more copies bring no bandwidth
// and make every other load of the device wait.
//
// Constants: SLOTS of SLOT_BYTES, CONSUMERS warps.

__device__ __forceinline__ uint32_t shared_address(const void *p) {
  return (uint32_t)__cvta_generic_to_shared(p);
}

__device__ __forceinline__ void wait_for(uint64_t *barrier, uint32_t parity) {
  asm volatile(
    "{\n.reg .pred done;\nretry_%=:\n"
    "mbarrier.try_wait.parity.shared::cta.b64 done, [%0], %1;\n"
    "@!done bra retry_%=;\n}"
    ::"r"(shared_address(barrier)), "r"(parity)
    : "memory");
}

__device__ __forceinline__ void make_barrier(uint64_t *barrier, int arrivals) {
  asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;"
               ::"r"(shared_address(barrier)), "r"(arrivals));
}

__device__ __forceinline__ void arrive(uint64_t *barrier) {
  asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];" ::"r"(shared_address(barrier))
               : "memory");
}

struct ring_memory {
  alignas(128) char slots[SLOTS][SLOT_BYTES];
  uint64_t full[SLOTS], empty[SLOTS];
};

__device__ __forceinline__ void open_ring(ring_memory &m) {
  if (threadIdx.x < SLOTS) {
    make_barrier(m.full + threadIdx.x, 1);
    make_barrier(m.empty + threadIdx.x, CONSUMERS);
  }
  asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
  __syncthreads();
}

/// Where one side stands; passed by value, so that it stays in registers.
struct ring {
  int at = 0;
  uint32_t parity = 0;

  __device__ __forceinline__ void step() {
    if (++at == SLOTS) at = 0, parity ^= 1;
  }
};

struct producer {
  ring next, oldest;
  int lag;  ///< slots that may still be asked for before the oldest has come

  __device__ __forceinline__ explicit producer(int lag) : lag(min(lag, SLOTS)) {}

  /// The whole warp: lane i of the first `pieces` brings `bytes` bytes from its own address; one
  /// lane all of them, where they lie together.
  __device__ __forceinline__ void fill(ring_memory &m, const void *from, int pieces, int bytes) {
    const int lane = threadIdx.x & 31;
    const uint64_t first = __shfl_sync(~0u, (uint64_t)from, 0);
    if (__all_sync(~0u, lane >= pieces || (uint64_t)from == first + lane * bytes))
      bytes *= pieces, pieces = 1;
    wait_for(m.empty + next.at, next.parity ^ 1);
    if (lag > 0) {
      lag--;
    } else {
      wait_for(m.full + oldest.at, oldest.parity);
      oldest.step();
    }
    if (lane == 0)
      asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;"
                   ::"r"(shared_address(m.full + next.at)), "r"(pieces * bytes)
                   : "memory");
    __syncwarp();
    if (lane < pieces)
      asm volatile(
        "cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1], %2, [%3];"
        ::"r"(shared_address(m.slots[next.at] + lane * bytes)), "l"(from), "r"(bytes),
        "r"(shared_address(m.full + next.at))
        : "memory");
    __syncwarp();
    next.step();
  }
};

struct consumer {
  ring next;

  __device__ __forceinline__ const char *wait(ring_memory &m) const {
    wait_for(m.full + next.at, next.parity);
    return m.slots[next.at];
  }

  __device__ __forceinline__ void release(ring_memory &m) {
    __syncwarp();
    if ((threadIdx.x & 31) == 0) arrive(m.empty + next.at);
    next.step();
  }

  /// The same of the next `count` slots of LIMIT.
  template <int LIMIT>
  __device__ __forceinline__ void wait(ring_memory &m, int count) const {
    ring at = next;
#pragma unroll
    for (int i = 0; i < LIMIT; i++, at.step())
      if (i == 0 || i < count) wait_for(m.full + at.at, at.parity);
  }

  /// The i-th of them.
  __device__ __forceinline__ const char *slot(ring_memory &m, int i) const {
    const int at = next.at + i;
    return m.slots[at < SLOTS ? at : at - SLOTS];
  }

  template <int LIMIT>
  __device__ __forceinline__ void release(ring_memory &m, int count) {
    __syncwarp();
#pragma unroll
    for (int i = 0; i < LIMIT; i++)
      if (i == 0 || i < count) {
        if ((threadIdx.x & 31) == 0) arrive(m.empty + next.at);
        next.step();
      }
  }
};
