// What ggml's blocks are.
#include "CSparrowBlocks.h"

const uint8_t sb_normal_values[16] = {
  1, 24, 45, 63, 79, 93, 106, 118, 129, 141, 153, 166, 181, 197, 217, 241};
const uint8_t sb_quarter_values[16] = {
  128, 129, 130, 131, 132, 134, 136, 140, 128, 127, 126, 125, 124, 122, 120, 116};

const uint8_t *sb_table_of(sb_type type) {
  if (type == SB_MXFP4) return sb_quarter_values;
  return type == SB_IQ4_NL || type == SB_IQ4_XS ? sb_normal_values : NULL;
}

sb_block sb_block_of(sb_type type) {
  //               bytes, weights, bits, span, minimums, steps
  switch (type) {
  case SB_I8: return (sb_block){1, 1, 0, 0, 0, 0};
  case SB_F16:
  case SB_BF16:
  case SB_I16: return (sb_block){2, 1, 0, 0, 0, 0};
  case SB_F32:
  case SB_I32: return (sb_block){4, 1, 0, 0, 0, 0};
  case SB_F64:
  case SB_I64: return (sb_block){8, 1, 0, 0, 0, 0};
  case SB_MXFP4: return (sb_block){17, 32, 4, 32, 0, 0};
  case SB_Q4_0:
  case SB_IQ4_NL: return (sb_block){18, 32, 4, 32, 0, 0};
  case SB_Q4_1: return (sb_block){20, 32, 4, 32, 1, 0};
  case SB_Q5_0: return (sb_block){22, 32, 5, 32, 0, 0};
  case SB_Q5_1: return (sb_block){24, 32, 5, 32, 1, 0};
  case SB_Q8_0: return (sb_block){34, 32, 8, 32, 0, 0};
  case SB_TQ1_0: return (sb_block){54, 256, 2, 16, 1, 1};
  case SB_TQ2_0: return (sb_block){66, 256, 2, 16, 1, 1};
  case SB_Q2_K: return (sb_block){84, 256, 2, 16, 1, 1};
  case SB_Q3_K: return (sb_block){110, 256, 3, 16, 0, 1};
  case SB_IQ4_XS: return (sb_block){136, 256, 4, 32, 0, 1};
  case SB_Q4_K: return (sb_block){144, 256, 4, 32, 1, 1};
  case SB_Q5_K: return (sb_block){176, 256, 5, 32, 1, 1};
  case SB_Q6_K: return (sb_block){210, 256, 6, 16, 0, 1};
  case SB_Q8_K: return (sb_block){292, 256, 8, 32, 0, 0};
  }
  return (sb_block){0, 1, 0, 0, 0, 0};
}
