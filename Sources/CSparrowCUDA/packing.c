// From GGUF's blocks to the device's rows, and back.
#include "packing.h"

#include <string.h>

int32_t scu_format_of(sb_type type) {
  switch (type) {
    case SB_F32:
    case SB_F64: return SCU_F32;
    case SB_F16:
    // Minimums of 16 have no layout.
    case SB_Q2_K: return SCU_F16;
    case SB_BF16: return SCU_BF16;
    case SB_Q3_K: return SCU_Q3;
    case SB_Q4_0:
    case SB_TQ1_0:
    case SB_TQ2_0: return SCU_Q4;
    case SB_Q4_1:
    case SB_Q4_K: return SCU_Q4_MINIMUMS;
    case SB_Q5_0: return SCU_Q5;
    case SB_Q5_1:
    case SB_Q5_K: return SCU_Q5_MINIMUMS;
    case SB_Q6_K: return SCU_Q6;
    // The values of a table are of eight bits.
    case SB_IQ4_NL:
    case SB_IQ4_XS:
    case SB_MXFP4:
    case SB_Q8_0:
    case SB_Q8_K: return SCU_Q8;
    default: return -1;
  }
}

static int32_t float_bytes(int32_t format) { return format == SCU_F32 ? 4 : 2; }

int32_t scu_stride_of(int32_t format, int32_t columns) {
  const int32_t unit = scu_block_of(format).bits ? SCU_LINE : 64;
  return (columns + unit - 1) / unit * unit;
}

int64_t scu_row_bytes(const scu_matrix *m) {
  const scu_block b = scu_block_of(m->format);
  if (!b.bits) return (int64_t)m->stride * float_bytes(m->format);
  return scu_planes_of(b, m->stride).bytes;
}

static int32_t halves_finite(const uint16_t *x, int32_t count, uint16_t exponent) {
  int32_t finite = 1;
  for (int32_t i = 0; i < count; i++) finite &= (x[i] & exponent) != exponent;
  return finite;
}

// MARK: - Floats

/// Blocks as halves, each weight rounded.
static void expand_halves(sb_type type, const uint8_t *source, int32_t columns, uint16_t *to) {
  const sb_block from = sb_block_of(type);
  for (int32_t start = 0; start < columns; start += from.weights, source += from.bytes) {
    float weights[256];
    sb_expand_row(type, source, from.weights, weights);
    for (int32_t i = 0; i < from.weights; i++) to[start + i] = sb_float_half(weights[i]);
  }
}

static int32_t pack_floats(
  const scu_matrix *m, sb_type type, const uint8_t *source, uint8_t *row) {
  if (m->format != SCU_F32) {
    uint16_t *to = (uint16_t *)(void *)row;
    if (type == SB_F16 || type == SB_BF16) memcpy(row, source, (size_t)m->columns * 2);
    else expand_halves(type, source, m->columns, to);
    const uint16_t exponent = m->format == SCU_F16 ? 0x7c00 : 0x7f80;
    return halves_finite(to, m->columns, exponent);
  }
  int32_t finite = 1;
  float *to = (float *)(void *)row;
  for (int64_t i = 0; i < m->columns; i++) {
    if (type == SB_F64) {
      double wide;
      memcpy(&wide, source + 8 * i, 8);
      to[i] = (float)wide;
    } else {
      memcpy(to + i, source + 4 * i, 4);
    }
    finite &= (sb_float_bits(to[i]) & 0x7f800000) != 0x7f800000;
  }
  return finite;
}

// MARK: - Blocks

/// Adds to a word that may lie anywhere.
static void add_bits(uint8_t *at, uint32_t bits) {
  uint32_t word;
  memcpy(&word, at, 4);
  word |= bits;
  memcpy(at, &word, 4);
}

/// Puts the numbers of a block of 32 into a row of zeros.
static void write_block(
  scu_block b, scu_planes p, int32_t block, const uint8_t *quants, uint8_t *row) {
  const int32_t line = block / 4, place = block % 4;
  for (int32_t lane = 0; lane < 4; lane++) {
    uint8_t numbers[8];
    for (int32_t i = 0; i < 8; i++) numbers[i] = quants[scu_column_of(b.span, lane, i)];
    if (b.bits == 8) {
      memcpy(row + line * 128 + place / 2 * 64 + lane * 16 + place % 2 * 8, numbers, 8);
      continue;
    }
    uint32_t low = 0, fifth = 0, pairs = 0;
    for (int32_t i = 0; i < 8; i++) {
      const int32_t side = i % 2 * 16;
      low |= (uint32_t)(numbers[i] & 15) << (i / 2 * 4 + side);
      fifth |= (uint32_t)(numbers[i] >> 4) << (place * 4 + i / 2 + side);
      pairs |= (uint32_t)(numbers[i] >> 4) << (place % 2 * 8 + i / 2 * 2 + side);
    }
    memcpy(row + line * 64 + lane * 16 + place * 4, &low, 4);
    if (b.bits == 5) add_bits(row + p.high + line * 16 + lane * 4, fifth);
    if (b.bits == 6) add_bits(row + p.high + line * 32 + lane * 8 + place / 2 * 4, pairs);
  }
}

static int32_t pack_blocks(
  const scu_matrix *m, sb_type type, const uint8_t *source, uint8_t *row) {
  const scu_block b = scu_block_of(m->format);
  const scu_planes p = scu_planes_of(b, m->stride);
  const sb_block from = sb_block_of(type);
  const uint8_t *table = sb_table_of(type);
  const int32_t is_ternary = type == SB_TQ1_0 || type == SB_TQ2_0;
  int32_t finite = 1;
  for (int32_t start = 0; start < m->columns; start += from.weights, source += from.bytes) {
    sb_weights w;
    sb_read_block(type, source, &w);
    sb_round_steps(type, &w);
    for (int32_t i = 0; table && i < from.weights; i++) w.quants[i] = table[w.quants[i]];
    // Of three values, the middle one zero.
    for (int32_t i = 0; is_ternary && i < from.weights; i++) w.quants[i] += b.offset - 1;
    for (int32_t i = 0; i < from.weights; i += 32)
      write_block(b, p, (start + i) / 32, w.quants + i, row);
    const int32_t at = start / b.span * 2, count = from.weights / b.span;
    memcpy(row + p.scales + at, w.scales, (size_t)count * 2);
    finite &= halves_finite(w.scales, count, 0x7c00);
    if (!b.minimums) continue;
    memcpy(row + p.minimums + at, w.minimums, (size_t)count * 2);
    finite &= halves_finite(w.minimums, count, 0x7c00);
  }
  return finite;
}

int32_t scu_pack_rows(
  const scu_matrix *m, sb_type type, const void *source, int32_t count, void *target) {
  const sb_block from = sb_block_of(type);
  const int64_t read = (int64_t)(m->columns / from.weights) * from.bytes;
  const int64_t written = scu_row_bytes(m);
  int32_t finite = 1;
  memset(target, 0, (size_t)(written * count));
  for (int64_t r = 0; r < count; r++) {
    const uint8_t *own = (const uint8_t *)source + r * read;
    uint8_t *row = (uint8_t *)target + r * written;
    finite &= scu_block_of(m->format).bits ? pack_blocks(m, type, own, row)
                                           : pack_floats(m, type, own, row);
  }
  return finite;
}

void scu_unpack_row(const scu_matrix *m, const void *row, float *out) {
  const scu_block b = scu_block_of(m->format);
  const scu_planes p = scu_planes_of(b, m->stride);
  const uint8_t *bytes = row;
  for (int32_t i = 0; i < m->columns; i++) {
    if (m->format == SCU_F32) {
      memcpy(out + i, bytes + 4 * (int64_t)i, 4);
    } else if (!b.bits) {
      uint16_t x;
      memcpy(&x, bytes + 2 * (int64_t)i, 2);
      out[i] = m->format == SCU_F16 ? sb_half_float(x) : sb_bfloat_float(x);
    } else {
      const float least = b.minimums ? sb_half_at(bytes + p.minimums, i / b.span) : 0;
      const float scale = sb_half_at(bytes + p.scales, i / b.span);
      out[i] = scale * (float)(scu_number(b, p, bytes, i) - b.offset) + least;
    }
  }
}
