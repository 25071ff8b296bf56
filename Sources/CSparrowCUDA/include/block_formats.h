// How blocks of weights lie on the device, for the host that packs them and the kernels that read
// them.
//
// A row is a plane of numbers, one of the bits above the first four, its scales and its minimums,
// one after the other. Columns come in lines of 128, that is four blocks of 32, which four lanes of
// a warp read together. Of each block a lane has the eight numbers that it hands to the matrix
// units at once: their order within a block is `scu_place_of`'s.
//
// - Numbers of four bits: 16 bytes a lane and line, a word a block. The number at an even place i
//   lies at bit 2i of the word, that at i + 1 sixteen bits above.
// - Numbers of a byte: two pieces of 64 bytes a line, 16 of each for a lane: eight bytes a block.
// - Fifth bits: a word a lane and line; that of place i of block b at bit 4b + i / 2, of an odd one
//   sixteen bits above. Fifth and sixth: two words a lane, of two blocks each; pairs of bits at 8 (b
//   % 2) + i / 2 * 2.
// - Scales and minimums: float16 in the order of the columns.
#pragma once
#ifdef __CUDACC_RTC__
#define SCU_INLINE __device__ constexpr __forceinline__
#else
#include "kernel_arguments.h"
#define SCU_INLINE static inline
#endif

/// Columns of a line.
enum { SCU_LINE = 128 };

/// What blocks of a format are: a weight is scale * (number - offset), or scale * number + minimum.
typedef struct {
  int32_t bits;      ///< of a stored number: 4, 5, 6 or 8; 0 for floats
  int32_t span;      ///< weights that share a scale: 32 or 16
  int32_t minimums;  ///< 1 where they share a minimum too
  int32_t offset;
} scu_block;

SCU_INLINE scu_block scu_block_of(int32_t format) {
  scu_block b = {0, 32, 0, 0};
  switch (format) {
    case SCU_Q3: b.bits = 4, b.span = 16, b.offset = 4; break;
    case SCU_Q4: b.bits = 4, b.offset = 8; break;
    case SCU_Q4_MINIMUMS: b.bits = 4, b.minimums = 1; break;
    case SCU_Q5: b.bits = 5, b.offset = 16; break;
    case SCU_Q5_MINIMUMS: b.bits = 5, b.minimums = 1; break;
    case SCU_Q6: b.bits = 6, b.span = 16, b.offset = 32; break;
    case SCU_Q8: b.bits = 8, b.offset = 128; break;
  }
  return b;
}

/// Where the planes of a row begin, in bytes, and where the row ends.
typedef struct {
  int32_t high, scales, minimums, bytes;
} scu_planes;

/// What planes and rows begin at multiples of, in bytes: what the device reads at once.
enum { SCU_SECTOR = 32 };

SCU_INLINE int32_t scu_sectors(int32_t bytes) {
  return (bytes + SCU_SECTOR - 1) / SCU_SECTOR * SCU_SECTOR;
}

/// `stride` is the row's columns, padded to lines.
SCU_INLINE scu_planes scu_planes_of(scu_block b, int32_t stride) {
  scu_planes p = {0, 0, 0, 0};
  const int32_t scales = scu_sectors(stride / b.span * 2);
  p.high = b.bits == 8 ? stride : stride / 2;
  p.scales = p.high + scu_sectors(b.bits == 8 ? 0 : stride / 8 * (b.bits - 4));
  p.minimums = p.scales + scales;
  p.bytes = p.minimums + b.minimums * scales;
  return p;
}

/// A column within its block of 32: which of four lanes has it, as which of its eight numbers.
typedef struct {
  int32_t lane, index;
} scu_place;

/// Where 16 columns share a scale, the first four numbers of each lane are of the first 16.
SCU_INLINE scu_place scu_place_of(int32_t span, int32_t column) {
  scu_place p = {0, 0};
  p.lane = span == 32 ? column / 8 : column % 16 / 4;
  p.index = span == 32 ? column % 8 : column / 16 * 4 + column % 4;
  return p;
}

/// The other way round.
SCU_INLINE int32_t scu_column_of(int32_t span, int32_t lane, int32_t index) {
  return span == 32 ? lane * 8 + index : index / 4 * 16 + lane * 4 + index % 4;
}

/// Lines whose planes beside the numbers a warp copies together.
enum { SCU_RUN = 4 };

/// Bytes of shared memory for such a copy of `bytes` a line of 16 rows, which lie 16 bytes apart so
/// that lanes read different banks.
SCU_INLINE int32_t scu_side_bytes(int32_t bytes) {
  return bytes ? 16 * (SCU_RUN * bytes + 16) : 0;
}

/// Bytes of shared memory that a warp of `multiply` has for `tiles` of 16 rows: a ring of `slots` for
/// lines of numbers, and two copies of what lies beside them.
SCU_INLINE int32_t scu_ring_bytes(int32_t format, int32_t tiles, int32_t slots) {
  const scu_block b = scu_block_of(format);
  const int32_t numbers = 16 * (b.bits == 0 || b.bits == 8 ? 128 : 64);
  const int32_t high = b.bits == 5 ? 16 : b.bits == 6 ? 32 : 0;
  const int32_t sides = b.bits == 0 ? 0
                                    : scu_side_bytes(high) + scu_side_bytes(256 / b.span)
      + scu_side_bytes(b.minimums * 8);
  return tiles * (slots * numbers + 2 * sides);
}

/// The number of a column of a row.
SCU_INLINE int32_t scu_number(scu_block b, scu_planes p, const uint8_t *row, int32_t column) {
  const int32_t line = column / SCU_LINE, block = column % SCU_LINE / 32;
  const scu_place at = scu_place_of(b.span, column % 32);
  if (b.bits == 8)
    return row[line * 128 + block / 2 * 64 + at.lane * 16 + block % 2 * 8 + at.index];
  // Words are little-endian.
  const int32_t side = at.index % 2 * 2, half = at.index / 2;
  const uint8_t *low = row + line * 64 + at.lane * 16 + block * 4 + side;
  const int32_t number = low[half / 2] >> half % 2 * 4 & 15;
  if (b.bits == 4) return number;
  if (b.bits == 5) {
    const uint8_t *bits = row + p.high + line * 16 + at.lane * 4 + side;
    return number | (bits[block / 2] >> (block % 2 * 4 + half) & 1) << 4;
  }
  const uint8_t *bits = row + p.high + line * 32 + at.lane * 8 + block / 2 * 4 + side;
  return number | (bits[block % 2] >> half * 2 & 3) << 4;
}
