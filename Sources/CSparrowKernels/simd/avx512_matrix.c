// Matrix products with AVX-512 VNNI: `vpdpbusd` of 64 unsigned weights and signed inputs into 16
// sums.
#if defined(__x86_64__)
#include "avx512.h"
#include "avx512_blocks.h"

#define BLOCK_TOKENS 4
#define FLOAT_TOKENS 6
#include "tiles.h"

#pragma clang attribute pop
#endif
