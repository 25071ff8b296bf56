// Norms, activations and selection with AVX-512, and the table of its kernels.
#if defined(__x86_64__)
#include "avx512.h"
#include "kernels.h"
#include "vector.h"

static uint64_t SK_NAME(read_sum)(const void *memory, size_t bytes) {
  const uint8_t *p = memory;
  __m512i a = _mm512_setzero_si512(), b = a, c = a, d = a;
  for (; bytes >= 256; bytes -= 256, p += 256) {
    a = _mm512_add_epi64(a, _mm512_loadu_si512(p));
    b = _mm512_add_epi64(b, _mm512_loadu_si512(p + 64));
    c = _mm512_add_epi64(c, _mm512_loadu_si512(p + 128));
    d = _mm512_add_epi64(d, _mm512_loadu_si512(p + 192));
  }
  a = _mm512_add_epi64(_mm512_add_epi64(a, b), _mm512_add_epi64(c, d));
  return (uint64_t)_mm512_reduce_add_epi64(a) + sk_table_scalar.read_sum(p, bytes);
}

const sk_table sk_table_avx512 = SK_TABLE("avx512");

#pragma clang attribute pop
#endif
