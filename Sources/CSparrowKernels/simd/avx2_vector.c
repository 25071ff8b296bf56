// Norms, activations and selection with AVX2, and the table of its kernels.
#if defined(__x86_64__)
#include "avx2.h"
#include "kernels.h"
#include "vector.h"

static uint64_t SK_NAME(read_sum)(const void *memory, size_t bytes) {
  const uint8_t *p = memory;
  __m256i sums[4] = {_mm256_setzero_si256(), _mm256_setzero_si256(), _mm256_setzero_si256(),
                     _mm256_setzero_si256()};
  for (; bytes >= 128; bytes -= 128, p += 128)
#pragma unroll
    for (int i = 0; i < 4; i++)
      sums[i] = _mm256_add_epi64(sums[i], _mm256_loadu_si256((const __m256i *)(p + 32 * i)));
  uint64_t parts[4], total = sk_table_scalar.read_sum(p, bytes);
  for (int i = 0; i < 4; i++) {
    memcpy(parts, &sums[i], sizeof parts);
    total += parts[0] + parts[1] + parts[2] + parts[3];
  }
  return total;
}

const sk_table sk_table_avx2 = SK_TABLE("avx2");

#pragma clang attribute pop
#endif
