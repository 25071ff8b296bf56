// What the kernel of a whole decoding step of one row takes: the phases in their order, and where
// everything lies. Read by the host's compiler and by the device's.
#pragma once
#ifndef __CUDACC_RTC__
#include "block_formats.h"
#endif

/// Bytes of a matrix's row of `columns` weights of 16, 8 or 4 bits.
///
/// Sixteen bits are a bfloat's. Others are a row's numbers, then a half's scale for each 32, then
/// what makes the row an odd number of sixteen bytes: eight rows' columns lie in different banks of
/// shared memory. Numbers are two's complements in the order of the columns, bytes or, of eight
/// columns, four bytes with the first four in their low halves.
SCU_INLINE int32_t scu_step_row_bytes(int32_t bits, int32_t columns) {
  return bits == 16 ? columns * 2 : ((columns * bits / 8 + columns / 16 + 15) / 16 | 1) * 16;
}

/// What all multiprocessors do together before they wait for each other.
typedef enum {
  SCU_EMBED,    ///< the token's row onto the residual stream
  SCU_PROJECT,  ///< queries, keys and values, and what predictors take from the same input
  SCU_ATTEND,   ///< attention; predictors' scores and their masks
  SCU_OUTPUT,   ///< attention's output matrix
  SCU_NETWORK,  ///< a feed-forward network, neuron by neuron
  SCU_SKETCHED,  ///< the same of the neurons that a sketch finds first
  SCU_REDUCE,   ///< the sum of the multiprocessors' parts of it
  SCU_LOGITS,   ///< the vocabulary head
  SCU_HEAD_ROWS,  ///< what the head's sketch reads
  SCU_TOKENS,   ///< the head's sketch, and the logits of the best tokens of each multiprocessor
} scu_phase_kind;

enum { SCU_LAYERS = 80, SCU_PHASES = 5 * SCU_LAYERS + 3, SCU_LAYER_SHIFT = 4 };

/// Where a layer's weights lie: bytes from its start, the same in every layer; 0 for none but
/// `projections`.
///
/// Matrices are rows of WIDTH weights of WEIGHT_BITS; norms bfloats, biases float32.
typedef struct {
  uint64_t projections;  ///< of each head group queries, key, value; then predictors' rows of one format
  uint64_t output;       ///< `[heads][WIDTH][HEAD]`
  uint64_t gate, up, down;
  /// What predictors take from the normed residual stream, where their format is not the other
  /// weights': rows of WIDTH.
  uint64_t predictor_inputs;
  uint64_t predictors;   ///< `[neurons, then head groups][RANK]`
  uint64_t sketch;       ///< of each 8 neurons 4-bit numbers, then a half's scale for each 32
  uint64_t norm, norm_bias, projections_bias, output_bias;
  uint64_t network_norm, network_norm_bias, up_bias, down_bias;
} scu_layer;

typedef struct {
  uint64_t layers[SCU_LAYERS];  ///< addresses
  scu_layer layer;
  uint64_t embedding, positions;  ///< as a matrix, and bfloats; positions 0 without
  uint64_t norm, norm_bias;       ///< before the head
  uint64_t vocabulary;            ///< the head's matrix
  uint64_t head_rows;             ///< `[HEAD_RANK][WIDTH]`
  uint64_t head_sketch;           ///< of each 32 tokens 4-bit numbers, then a half's scale for each
  uint64_t row;                   ///< scu_row
  uint64_t cosine, sine;          ///< `[HEAD / 2]` of the row's position; 0 without

  // Passed between phases: words of 64 bits, each a float32 below the date when it was written.
  uint64_t stream, middle;  ///< the residual stream: before and after attention
  uint64_t projected;
  uint64_t parts;           ///< `[heads][SPLITS][HEAD + 2]`: the greatest score, the sum, values
  uint64_t attended;        ///< `[heads][HEAD]`
  uint64_t partial;         ///< `[blocks][WIDTH]`

  // The same, float32.
  uint64_t logits;
  uint64_t best;            ///< one number: the greatest logit and, inverted, its token
  uint64_t neuron_masks, head_masks;  ///< `[layers][bytes]`; 0: all are touched
  uint64_t arrivals;        ///< a word, 0 between steps
  uint64_t times;           ///< `[phases]`, when each begins, in nanoseconds; 0: nobody asks

  int32_t neurons, group;   ///< of a bit of the mask
  int32_t vocabulary_rows;
  /// Of `projections`, behind the heads': the network's predictor and the heads', RANK each; or a
  /// router's, one for each group.
  int32_t predictor_rows;
  int32_t is_rms;
  float epsilon;
  float threshold;
  /// The density of masks by chance in place of the scores'; 0 in use.
  float planted_neurons, planted_heads;
  int32_t neuron_mask_bytes, head_mask_bytes;
  uint64_t sparse[2];       ///< a bit for each layer whose network goes by its mask
  uint32_t turn;            ///< of the steps over these buffers, each its own
  int32_t lag;              ///< slots under way before the oldest has come
  int32_t phase_count;
  uint16_t phases[SCU_PHASES];  ///< kind, and the layer from bit SCU_LAYER_SHIFT on
} scu_step;

/// Numbers at random, evenly from `center - spread` to `center + spread`.
typedef struct {
  uint64_t to, count;
  int32_t format;  ///< scu_format
  /// Of rows of so many numbers the first ones of two bytes are any bits; 0 without.
  uint32_t row, bits;
  uint32_t seed;
  float center, spread;
} scu_random;
