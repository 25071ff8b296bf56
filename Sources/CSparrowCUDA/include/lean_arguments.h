// What the kernel of a lean step takes: a decoding step of one row, as phases between which blocks
// hand vectors to each other. Read by the host's compiler and by the device's.
#pragma once
#ifndef __CUDACC_RTC__
#include "block_formats.h"
#endif

typedef enum {
  SCU_LEAN_PRODUCTS,
  SCU_LEAN_HEADS,   ///< attention
  SCU_LEAN_RESULT,  ///< what the vocabulary head reads
} scu_lean_kind;

/// What is done with the vector that a phase takes before its input is made.
typedef enum {
  SCU_LEAN_NOTHING,
  SCU_LEAN_ADD,       ///< onto the residual stream
  SCU_LEAN_ADD_NORM,  ///< its norm, onto the residual stream
} scu_lean_adds;

/// What the input of products is.
typedef enum {
  SCU_LEAN_NORM,       ///< the residual stream's norm
  SCU_LEAN_STREAM,     ///< the residual stream
  SCU_LEAN_TAKEN,      ///< what is taken
  SCU_LEAN_ATTENDED,   ///< heads' results, joined where attention had parts
} scu_lean_makes;

enum { SCU_LEAN_MATRICES = 3 };

/// One matrix of a phase; its products go to `output`, an index among the words.
typedef struct {
  uint64_t weights;
  uint64_t bias;  ///< `[rows]` float32; 0 without
  int32_t rows, first_tile, output, pad;
} scu_lean_matrix;

/// What heads of a layer are normed and turned by, as scu_heads has it.
typedef struct {
  uint64_t query_norm, key_norm, turns, plane;
  int32_t window, rotary, interleaved, pad;
} scu_lean_heads;

typedef struct {
  int32_t kind, adds, makes;
  int32_t makes_neurons;  ///< 1: activated products, of two matrices the first one's are gates
  int32_t taken;       ///< index among the words, of what the phase before has made
  int32_t count, tiles, columns, stride;
  float epsilon, offset;
  int32_t first_block;  ///< has the first tile, the next one the second, and so on around
  /// The weights and the bias of the norm of the input, then of what is added; 0 without.
  uint64_t norms[4];
  union {
    scu_lean_matrix matrices[SCU_LEAN_MATRICES];
    scu_lean_heads heads;
  } of;
} scu_lean_phase;

typedef struct {
  uint64_t phases;   ///< scu_lean_phase[]
  uint64_t words;    ///< numbers with dates, by index
  uint64_t turn;     ///< uint32: steps before this one
  uint64_t row;      ///< scu_row
  uint64_t output;   ///< float32: what the head reads
  scu_matrix tokens;
  scu_matrix positions;  ///< learned ones; weights are 0 without
  scu_heads heads;    ///< but for what phases say
  scu_attend attend;  ///< likewise
  float embedding_scale;
  int32_t position_offset;
  /// Words of heads' results, and of their parts: `[head][part][head_dimension + 2]`.
  int32_t attended, parts;
} scu_lean;

/// Parts of attention that a lean step has room for.
enum { SCU_LEAN_PARTS = 32 };

/// Bytes of shared memory that a block of a lean step has: rings of `slots` lines for each of its
/// eight warps, a part's keys and values where they are staged, inputs and phases.
SCU_INLINE int32_t scu_lean_bytes(
  int32_t format, int32_t slots, int32_t widest, int32_t phases, int32_t heads,
  int32_t head_dimension, int32_t is_staged) {
  const int32_t sides = scu_ring_bytes(format, 1, 0) / 2;
  const int32_t rings = 8 * (scu_ring_bytes(format, 1, slots) + (slots - 2) * sides);
  const int32_t staged = is_staged ? 2 * SCU_SPLIT * (head_dimension * 2 + 16) : 0;
  const int32_t terms = (widest + SCU_LINE - 1) / SCU_LINE * SCU_LINE;
  const int32_t query = 5 * head_dimension + 8 * SCU_SPLIT;
  const int32_t vectors = terms + terms / 32 + query + 2 * head_dimension;
  return rings + staged + 4 * vectors + heads * SCU_LEAN_PARTS * 8
    + phases * (int32_t)sizeof(scu_lean_phase) + 4096;
}
