// Copies from the device's memory to a block's shared memory that run by themselves.

__device__ __forceinline__ uint32_t shared_address(const void *p) {
  return (uint32_t)__cvta_generic_to_shared(p);
}

/// Of BYTES 4, 8 or 16; zeros where `is_there` is false.
template <int BYTES>
__device__ __forceinline__ void copy_async(void *to, const void *from, bool is_there = true) {
  const uint32_t shared = shared_address(to);
  const int read = is_there ? BYTES : 0;
  if constexpr (BYTES == 16)
    asm volatile("cp.async.cg.shared.global.L2::256B [%0], [%1], 16, %2;"
                 ::"r"(shared), "l"(from), "r"(read) : "memory");
  else
    asm volatile("cp.async.ca.shared.global [%0], [%1], %2, %3;"
                 ::"r"(shared), "l"(from), "n"(BYTES), "r"(read) : "memory");
}

/// Ends a group of this thread's copies.
__device__ __forceinline__ void end_copies() { asm volatile("cp.async.commit_group;" ::: "memory"); }

/// Waits until all but the last PENDING groups of this thread's copies are there, for itself.
template <int PENDING>
__device__ __forceinline__ void wait_for_copies() {
  asm volatile("cp.async.wait_group %0;" ::"n"(PENDING) : "memory");
}
