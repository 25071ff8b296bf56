// Matrix products with AVX2. Sixteen registers hold a tile of four rows and two tokens.
#if defined(__x86_64__)
#include "avx2.h"
#include "avx2_blocks.h"

#define BLOCK_TOKENS 2
#define FLOAT_TOKENS 2
#include "tiles.h"

#pragma clang attribute pop
#endif
