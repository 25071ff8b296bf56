// Attention with NEON: six queries times four vectors of 4 keys.
#if defined(__aarch64__)
#include "neon.h"
#include "kernels.h"
#define VN 4
#include "attend.h"

#pragma clang attribute pop
#endif
