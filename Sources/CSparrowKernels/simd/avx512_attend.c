// Attention with AVX-512: six queries times four vectors of 16 keys leave room for the operands.
#if defined(__x86_64__)
#include "avx512.h"
#include "kernels.h"
#define VN 4
#include "attend.h"

#pragma clang attribute pop
#endif
