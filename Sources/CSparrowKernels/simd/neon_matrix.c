// Matrix products with NEON and its signed dot product.
#if defined(__aarch64__)
#include "neon.h"
#include "neon_blocks.h"

#define BLOCK_TOKENS 4
#define FLOAT_TOKENS 6
#include "tiles.h"

#pragma clang attribute pop
#endif
