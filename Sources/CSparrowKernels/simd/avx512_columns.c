// Products by columns with AVX-512.
#if defined(__x86_64__)
#include "avx512.h"

#include "avx512_blocks.h"
#include "columns.h"

#pragma clang attribute pop
#endif
