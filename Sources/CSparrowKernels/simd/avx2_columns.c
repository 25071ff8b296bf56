// Products by columns with AVX2.
#if defined(__x86_64__)
#include "avx2.h"

#include "avx2_blocks.h"
#include "columns.h"

#pragma clang attribute pop
#endif
