/// Every format's tiles, instantiated: `block_tile` for up to BLOCK_TOKENS tokens, `float_tile` for
/// up to FLOAT_TOKENS.
#pragma once
#include "blocks.h"
#include "float_tile.h"
#include "kernels.h"

#define ONE_2(one, name, ...) one(name, 1, __VA_ARGS__) one(name, 2, __VA_ARGS__)
#define ONE_4(one, name, ...) \
  ONE_2(one, name, __VA_ARGS__) one(name, 3, __VA_ARGS__) one(name, 4, __VA_ARGS__)
#define ONE_6(one, name, ...) \
  ONE_4(one, name, __VA_ARGS__) one(name, 5, __VA_ARGS__) one(name, 6, __VA_ARGS__)
#define NAMES_2(name) name##_1, name##_2
#define NAMES_4(name) NAMES_2(name), name##_3, name##_4
#define NAMES_6(name) NAMES_4(name), name##_5, name##_6
#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)

#define BLOCK_TILE(name, tokens, format, minimums, block) \
  static void name##_##tokens(const sk_tile *tile) { \
    block_tile(tile, (shape){format, minimums, block, tokens, 0}); \
  }
#define BLOCK_TILES(name, format, minimums, block) \
  JOIN(ONE_, BLOCK_TOKENS)(BLOCK_TILE, name, format, minimums, block) \
  static const sk_tiles name = {BLOCK_TOKENS, {JOIN(NAMES_, BLOCK_TOKENS)(name)}};

#define SPREAD_TILE(name, tokens, format, minimums, block) \
  static void name##_##tokens(const sk_tile *tile) { \
    block_tile(tile, (shape){format, minimums, block, tokens, 1}); \
  }
#define STEP_TILES(name, format, minimums, block) \
  JOIN(ONE_, BLOCK_TOKENS)(BLOCK_TILE, name, format, minimums, block) \
  JOIN(ONE_, BLOCK_TOKENS)(SPREAD_TILE, name##_spread, format, minimums, block) \
  static void name##_scales(const sk_tile *tile, float *scales) { \
    spread_tile(tile, (shape){format, minimums, block, 1, 0}, scales); \
  } \
  static const sk_tiles name = { \
    BLOCK_TOKENS, {JOIN(NAMES_, BLOCK_TOKENS)(name)}, {JOIN(NAMES_, BLOCK_TOKENS)(name##_spread)}, \
    name##_scales, SPREAD_FLOATS(minimums, block)};

#define FLOAT_TILE(name, tokens, format) \
  static void name##_##tokens(const sk_tile *tile) { float_tile(tile, format, tokens); }
#define FLOAT_TILES(name, format) \
  JOIN(ONE_, FLOAT_TOKENS)(FLOAT_TILE, name, format) \
  static const sk_tiles name = {FLOAT_TOKENS, {JOIN(NAMES_, FLOAT_TOKENS)(name)}};

STEP_TILES(q2, SK_Q2, 1, 16)
STEP_TILES(q3, SK_Q3, 0, 16)
STEP_TILES(q4k, SK_Q4_K, 1, 32)
STEP_TILES(q5k, SK_Q5_K, 1, 32)
STEP_TILES(q6, SK_Q6, 0, 16)
BLOCK_TILES(iq4, SK_IQ4, 0, 32)
STEP_TILES(iq4xs, SK_IQ4_XS, 0, 32)
BLOCK_TILES(fp4, SK_FP4, 0, 32)
BLOCK_TILES(q4, SK_Q4, 0, 32)
BLOCK_TILES(q4m, SK_Q4, 1, 32)
BLOCK_TILES(q5, SK_Q5, 0, 32)
BLOCK_TILES(q5m, SK_Q5, 1, 32)
BLOCK_TILES(q8, SK_Q8, 0, 32)
FLOAT_TILES(f32, SK_F32)
FLOAT_TILES(f16, SK_F16)
FLOAT_TILES(bf16, SK_BF16)

const sk_tiles *SK_NAME(sk_tiles)(sk_format format, int32_t block, int32_t minimums) {
  switch (format) {
  case SK_F32: return &f32;
  case SK_F16: return &f16;
  case SK_BF16: return &bf16;
  case SK_Q2: return &q2;
  case SK_Q3: return &q3;
  case SK_Q4_K: return &q4k;
  case SK_Q5_K: return &q5k;
  case SK_Q6: return &q6;
  case SK_IQ4: return &iq4;
  case SK_IQ4_XS: return &iq4xs;
  case SK_FP4: return &fp4;
  case SK_Q4: if (block == 32) return minimums ? &q4m : &q4; break;
  case SK_Q5: if (block == 32) return minimums ? &q5m : &q5; break;
  case SK_Q8: if (block == 32 && !minimums) return &q8; break;
  }
  // No GGUF type packs to the others: they work, slowly.
  return sk_table_scalar.tiles(format, block, minimums);
}
