/// ggml's block formats, as GGUF files have them: sizes, reading, expanding to float32, encoding.
#pragma once
#include "half.h"
#include <stdint.h>

/// Types of elements; the values are ggml's own numbers.
typedef enum : int32_t {
  SB_F32 = 0,
  SB_F16 = 1,
  SB_Q4_0 = 2,
  SB_Q4_1 = 3,
  SB_Q5_0 = 6,
  SB_Q5_1 = 7,
  SB_Q8_0 = 8,
  SB_Q2_K = 10,
  SB_Q3_K = 11,
  SB_Q4_K = 12,
  SB_Q5_K = 13,
  SB_Q6_K = 14,
  SB_Q8_K = 15,
  SB_IQ4_NL = 20,
  SB_IQ4_XS = 23,
  SB_I8 = 24,
  SB_I16 = 25,
  SB_I32 = 26,
  SB_I64 = 27,
  SB_F64 = 28,
  SB_BF16 = 30,
  SB_TQ1_0 = 34,
  SB_TQ2_0 = 35,
  SB_MXFP4 = 39,
} sb_type;

/// What a block is: one number of the plain types.
typedef struct {
  int32_t bytes;
  int32_t weights;
  int32_t bits;      ///< of a quant; 0 for plain numbers
  int32_t span;      ///< weights that share a scale, or a step of one
  int32_t minimums;  ///< 1 where these share a minimum too
  int32_t steps;     ///< 1 where scales and minimums are of the block, and spans multiply them
} sb_block;

sb_block sb_block_of(sb_type type);

/// Values that quants of 4 bits may be indices of, each plus 128: llama.cpp's means of 16 shares of
/// a normal distribution; and twice the numbers of a sign, two bits of exponent and one of mantissa.
extern const uint8_t sb_normal_values[16], sb_quarter_values[16];

/// The values of a type's quants; NULL where they are integers themselves.
const uint8_t *sb_table_of(sb_type type);

/// Up to 256 weights of a block, as integers and what they are multiplied by.
typedef struct {
  uint8_t quants[256];
  uint16_t scales[16];       ///< float16, one a span (one for all where there are steps)
  uint16_t minimums[16];     ///< likewise
  int8_t steps[16];          ///< one a span: what multiplies the scale
  int8_t minimum_steps[16];  ///< likewise the minimum
} sb_weights;

/// Reads the block of quants at `p`; what the type has not stays as it was.
void sb_read_block(sb_type type, const uint8_t *p, sb_weights *w);

/// Gives each span of a block that has steps a scale and a minimum of its own, rounded to float16.
void sb_round_steps(sb_type type, sb_weights *w);

/// Expands a row of whole blocks, or of plain floats, to float32: `out[columns]`. Scales that are
/// no float16 (of `SB_Q8_K` and `SB_MXFP4`) are rounded to it first, as packed weights have them.
void sb_expand_row(sb_type type, const void *row, int32_t columns, float *out);

/// Encodes float32 weights as a row, as llama.cpp's reference quantisers do; `columns` are whole
/// blocks. Returns 0 for numbers that the type cannot hold (none that is finite, beyond float16's
/// range) and for types that have no quantiser here: those of blocks but Q4_0 to Q8_0, integers
/// and F64.
int32_t sb_encode_row(sb_type type, const float *x, int32_t columns, void *out);

/// Writes a block of Q4_0 or Q5_0 whose 32 quants, and scale in float16, are known.
void sb_write_block(sb_type type, uint16_t scale, const uint8_t *quants, void *out);
