// What kernels take: plain structures, read by the host's compiler and by the device's.
//
// Addresses are 64-bit numbers on both sides. Rows of a step are float32, `[rows][width]`.
#pragma once
#ifndef __CUDACC_RTC__
#include <stdint.h>
#else
typedef int int32_t;
typedef unsigned uint32_t;
typedef long long int64_t;
typedef unsigned long long uint64_t;
typedef unsigned short uint16_t;
typedef unsigned char uint8_t;
typedef signed char int8_t;
#endif

/// How a matrix's weights lie on the device: floats in rows of `stride` elements; or blocks of
/// numbers of 4, 5, 6 or 8 bits with scales, as block_formats.h says.
typedef enum {
  SCU_F32,
  SCU_F16,
  SCU_BF16,
  SCU_Q3,           ///< in 4 bits, 16 to a scale
  SCU_Q4,
  SCU_Q4_MINIMUMS,
  SCU_Q5,
  SCU_Q5_MINIMUMS,
  SCU_Q6,           ///< 16 to a scale
  SCU_Q8,
} scu_format;

typedef struct {
  uint64_t weights;
  int32_t format;
  int32_t rows;
  int32_t columns;
  int32_t stride;  ///< columns, padded with zeros to a multiple of 64, of blocks to one of 128
} scu_matrix;

/// Inputs as products read them: two terms of two bytes each whose sum is the number over the
/// row's scale. Bfloats for matrices of bfloats, halves for all others but those of float32, which
/// read the input itself.
typedef struct {
  uint64_t high, low;  ///< `[rows][stride]`
  uint64_t scales;     ///< `[rows]` float32: powers of two
  uint64_t sums;       ///< `[rows][stride / 32]` float32: what blocks of 32 sum up to; 0 without
  int32_t stride;      ///< columns, padded with zeros to a multiple of 128
  int32_t is_half;
} scu_prepared;

enum { SCU_PRODUCTS = 4 };

/// output (=, +=) matrix · x (+ bias).
typedef struct {
  scu_matrix matrix;
  uint64_t bias;      ///< `[rows]` float32; 0 without
  uint64_t output;
  int32_t width;      ///< of the output's rows
  int32_t first_tile; ///< among the tiles of all products
} scu_product;

/// Several matrices of one format over one input.
typedef struct {
  scu_product products[SCU_PRODUCTS];
  int32_t count;
  int32_t tiles;  ///< of 16 rows, of all products
  int32_t rows;   ///< of the step
  int32_t adds;   ///< 1: onto what the output holds
  scu_prepared x;
  uint64_t input;  ///< float32 rows, for float32 matrices
  int32_t input_width;
  int32_t pad;
} scu_multiply;

typedef struct {
  uint64_t input;
  int32_t input_width, width;
  scu_prepared to;
} scu_prepare;

/// output = norm(input) * weight (+ bias), a row of the step a block, and as products read it.
typedef struct {
  scu_prepared prepared;  ///< high is 0 where no product wants it
  uint64_t input, output;
  uint64_t weight;  ///< `[width]`; 0 without
  uint64_t bias;    ///< `[width]`; 0 without
  int32_t input_width, output_width, width;
  int32_t is_rms;
  float epsilon;
  float offset;  ///< of the weights
} scu_norm;

/// Products with one row, which each block makes of what is there, in its own memory.
typedef struct {
  scu_multiply multiply;
  scu_norm norm;
  uint64_t gates;      ///< of the input, which is neurons; 0 without
  int32_t makes;       ///< 0: the row as it is; 1: its norm; 2: its activations
  int32_t activation;
} scu_staged;

/// What a step's kernels read of its rows, written anew for each step.
typedef struct {
  int32_t token;
  int32_t position;
  uint64_t pages;  ///< the sequence's page table: addresses of pages
  uint64_t kept;   ///< what it keeps for heads that were skipped; 0 where none was
} scu_row;

typedef struct {
  scu_matrix table;
  uint64_t rows_of_step;  ///< scu_row[]
  uint64_t output;
  int32_t width;
  int32_t by_position;  ///< 1: adds the learned row of the position
  int32_t offset;       ///< of learned positions
  float scale;
} scu_embed;

/// Norms and turns heads of queries and keys, and writes keys and values into the cache.
typedef struct {
  uint64_t rows_of_step;
  uint64_t query, key, value;
  int32_t query_width, key_width, value_width;
  int32_t heads, key_heads, head_dimension;
  uint64_t query_norm, key_norm;  ///< weights; 0 without
  int32_t norms_query, norms_key, norms_value;  ///< 0: none, 1: RMS, 2: layer
  int32_t query_stride, key_stride;  ///< elements from one head's weights to the next one's
  float epsilon, value_epsilon, offset;
  int32_t rotary, interleaved;
  uint64_t turns;       ///< a row's cosines, then its sines, `[rotary / 2]` each; 0 without
  uint64_t plane;       ///< elements of a page before this layer's keys
  int32_t turn_stride;  ///< elements from a row's turns to the next row's
  int32_t cache_type;   ///< 0: float16, 1: float32
} scu_heads;

enum { SCU_PAGE = 64, SCU_SPLIT = 256 };

/// Attention of each row over the pages of its sequence, in parts of `SCU_SPLIT` keys.
typedef struct {
  uint64_t rows_of_step;
  uint64_t query, output;
  uint64_t marks;  ///< uint32 `[rows][(key_heads + 31) / 32]`: a bit for each head group that is
                   ///< attended for the row; 0: all are
  uint64_t parts;  ///< float32 `[row][head][part][head_dimension + 2]`, rows from the first one on
  int32_t query_width, output_width;
  int32_t heads, key_heads, head_dimension;
  int32_t window, splits;
  float scale, softcap;
  uint64_t plane;
  int32_t cache_type;
  int32_t first_row, rows;  ///< of the step that a launch takes
  int32_t pad;
} scu_attend;

/// Heads made and attended to at once.
typedef struct {
  scu_heads heads;
  scu_attend attend;
} scu_decode;

/// neurons = activation(gates) * neurons, or activation(neurons); or attended *= logistic(gates).
typedef struct {
  scu_prepared prepared;  ///< of the result; high is 0 where no product wants it
  uint64_t gates, values;
  int32_t gates_width, values_width, width;
  int32_t activation;  ///< sk_activation's numbers
} scu_activate;

/// output (=, +=) input * scale.
typedef struct {
  uint64_t input, output;
  int32_t input_width, output_width, width;
  int32_t adds;
  float scale, softcap;
} scu_add;

enum { SCU_BEST = 64 };

/// The greatest logits of a row, of equal ones those with the lowest ids; ascending by id.
typedef struct {
  int32_t count;  ///< SCU_BEST, or 0 where too few of them are numbers
  int32_t ids[SCU_BEST];
  float logits[SCU_BEST];
} scu_best_row;

/// The greatest logits of each row.
typedef struct {
  uint64_t logits;  ///< `[rows][width]`
  uint64_t runs;    ///< `[rows][(width + 63) / 64]`: the greatest of each 64
  uint64_t best;    ///< scu_best_row[]
  int32_t width;
  int32_t pad;
} scu_best;

/// Memory that is read to measure how fast; it holds zeros.
typedef struct {
  uint64_t from, sink;
  uint64_t bytes;
} scu_read;
