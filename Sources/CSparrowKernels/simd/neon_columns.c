// Products by columns with NEON.
#if defined(__aarch64__)
#include "neon.h"

#include "neon_blocks.h"
#include "columns.h"

#pragma clang attribute pop
#endif
