/// Reading GGUF's blocks.
#pragma once
#include "CSparrowKernels.h"

/// Up to 256 weights of a GGUF row, as integers and what they are multiplied by.
typedef struct {
  uint8_t quants[256];
  uint16_t scales[16];    ///< float16, one a block (of 256 weights where there are steps)
  uint16_t minimums[16];  ///< likewise
  uint8_t steps[16];      ///< one a block of 16: the scale's low, the minimum's high
} gguf_weights;

/// Bytes and weights of one block of a GGUF type.
void sk_gguf_block(sk_gguf_type type, int32_t *bytes, int32_t *weights);

/// Reads the block at `p`; what the type has not stays as it was.
void sk_read_gguf_block(sk_gguf_type type, const uint8_t *p, gguf_weights *w);
