// Attention with AVX2: six queries times two vectors of 8 keys.
#if defined(__x86_64__)
#include "avx2.h"
#include "kernels.h"
#define VN 2
#include "attend.h"

#pragma clang attribute pop
#endif
