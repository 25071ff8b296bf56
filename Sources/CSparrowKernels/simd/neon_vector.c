// Norms, activations and selection with NEON, and the table of its kernels.
#if defined(__aarch64__)
#include "neon.h"
#include "kernels.h"
#include "vector.h"

static uint64_t SK_NAME(read_sum)(const void *memory, size_t bytes) {
  const uint8_t *p = memory;
  uint64x2_t sums[4] = {vdupq_n_u64(0), vdupq_n_u64(0), vdupq_n_u64(0), vdupq_n_u64(0)};
  for (; bytes >= 64; bytes -= 64, p += 64)
#pragma unroll
    for (int i = 0; i < 4; i++)
      sums[i] = vaddq_u64(sums[i], vreinterpretq_u64_u8(vld1q_u8(p + 16 * i)));
  uint64_t total = sk_table_scalar.read_sum(p, bytes);
  for (int i = 0; i < 4; i++) total += vaddvq_u64(sums[i]);
  return total;
}

const sk_table sk_table_neon = SK_TABLE("neon");

#pragma clang attribute pop
#endif
