// From GGUF's blocks to packed rows, and from packed rows back to floats.
#include "CSparrowBlocks.h"
#include "internal.h"
#include "scalar/chunk.h"

int64_t sk_row_bytes(sk_format format, int32_t block, int32_t minimums, int32_t columns) {
  if (format == SK_F32) return 4 * (int64_t)columns;
  if (sk_is_float(format)) return 2 * (int64_t)columns;
  return sk_layout_of(format, block, minimums, columns).bytes;
}

size_t sk_quantized_bytes(int32_t columns) {
  int32_t padded = sk_padded(columns);
  int32_t groups =
    padded / SK_GROUP + __builtin_popcount((uint32_t)(padded % SK_GROUP / SK_CHUNK));
  return (size_t)padded + (size_t)groups * SK_INPUT_EXTRA;
}

int32_t sk_packed_format(sb_type type, sk_format *format, int32_t *block, int32_t *minimums) {
  const sb_block own = sb_block_of(type);
  *block = own.span;
  *minimums = own.minimums;
  switch (type) {
  case SB_F32:
  case SB_F64: *format = SK_F32; return 1;
  case SB_F16: *format = SK_F16; return 1;
  case SB_BF16: *format = SK_BF16; return 1;
  case SB_IQ4_NL: *format = SK_IQ4; return 1;
  case SB_IQ4_XS: *format = SK_IQ4_XS; return 1;
  case SB_MXFP4: *format = SK_FP4; return 1;
  case SB_Q4_K: *format = SK_Q4_K; return 1;
  case SB_Q5_K: *format = SK_Q5_K; return 1;
  default: *format = own.bits == 2 ? SK_Q2 : own.bits == 3 ? SK_Q3 : (sk_format)own.bits;
  }
  return own.bits != 0;
}

// MARK: - Groups of blocks

/// A group's integers in column order, and its blocks' float16 numbers in the packed order.
typedef struct {
  int32_t blocks;  ///< of 32 weights: 16, 8, 4 or 2 (G)
  int32_t start;   ///< its first column
  uint8_t quants[SK_GROUP];
  uint16_t scales[32];
  uint16_t minimums[32];
  int8_t steps[32];
  int8_t minimum_steps[32];
} packed_group;

/// Between column order and chunks: lane j of chunk c holds word c * (16 / G) + j / G of block j %
/// G.
SK_INLINE void move_words(
  const int32_t blocks, const int32_t back, const uint8_t *from, uint8_t *to) {
  const int32_t span = 16 / blocks;
  for (int32_t c = 0; c < blocks / 2; c++)
    for (int32_t j = 0; j < 16; j++) {
      const int32_t lane = c * SK_CHUNK + j * 4;
      const int32_t straight = j % blocks * 32 + (c * span + j / blocks) * 4;
      memcpy(to + (back ? straight : lane), from + (back ? lane : straight), 4);
    }
}

/// Once for each size of a group: divisions by a variable would take longer than all else.
SK_INLINE void move_group(
  int32_t blocks, const int32_t back, const uint8_t *from, uint8_t *to) {
  switch (blocks) {
  case 16: move_words(16, back, from, to); return;
  case 8: move_words(8, back, from, to); return;
  case 4: move_words(4, back, from, to); return;
  default: move_words(2, back, from, to);
  }
}

static void interleave(int32_t blocks, const uint8_t *quants, uint8_t *chunks) {
  move_group(blocks, 0, quants, chunks);
}

static void straighten(int32_t blocks, const uint8_t *chunks, uint8_t *quants) {
  move_group(blocks, 1, chunks, quants);
}

/// Four chunks share 64 bytes; groups have 8 or 4.
static void write_pairs(int32_t blocks, const uint8_t *chunks, uint8_t *low) {
  memset(low, 0, (size_t)(blocks * 8));
  for (int32_t c = 0; c < blocks / 2; c++)
    for (int32_t i = 0; i < SK_CHUNK; i++)
      low[c / 4 * SK_CHUNK + i] |= (uint8_t)((chunks[c * SK_CHUNK + i] & 3) << c % 4 * 2);
}

/// Two chunks share 64 bytes; a group of one chunk has its halves in 32.
static void write_nibbles(int32_t blocks, const uint8_t *chunks, uint8_t *low) {
  const int32_t half = blocks == 2 ? 32 : SK_CHUNK;
  for (int32_t c = 0; c < blocks / 2; c += 2, chunks += 2 * SK_CHUNK, low += SK_CHUNK)
    for (int32_t i = 0; i < half; i++)
      low[i] = (uint8_t)((chunks[i] & 15) | chunks[i + half] << 4);
}

/// What is above the `low` first bits. A full group has planes of 64 bytes: of single bits one in
/// which chunk c has bit c of each byte; of pairs two, of four chunks and two bits each. A shift
/// and a mask bring them into place. The tail's chunks hold a mask of 64 bits for each bit: a
/// group's share of a plane would be less than a vector.
static void write_high_bits(
  int32_t blocks, int32_t low, int32_t planes, const uint8_t *chunks, uint8_t *high) {
  memset(high, 0, (size_t)(blocks / 2 * 8 * planes));
  for (int32_t c = 0; c < blocks / 2; c++, chunks += SK_CHUNK) {
    if (blocks < 16) {
      for (int32_t plane = 0; plane < planes; plane++, high += 8)
        for (int32_t i = 0; i < SK_CHUNK; i++)
          high[i / 8] |= (uint8_t)((chunks[i] >> (low + plane) & 1) << i % 8);
    } else if (planes == 1) {
      for (int32_t i = 0; i < SK_CHUNK; i++) high[i] |= (uint8_t)((chunks[i] >> low & 1) << c);
    } else {
      uint8_t *plane = high + c / 4 * SK_CHUNK;
      for (int32_t i = 0; i < SK_CHUNK; i++)
        plane[i] |= (uint8_t)((chunks[i] >> low & 3) << c % 4 * 2);
    }
  }
}

/// The steps of a group's `count` blocks.
static void write_steps(sk_format format, int32_t count, const packed_group *g, uint8_t *to) {
  if (sk_steps_of(format) == SK_BYTES) {
    memcpy(to, g->steps, (size_t)count);
    return;
  }
  for (int32_t i = 0; i < count; i++)
    to[i] = (uint8_t)((g->steps[i] & 15) | g->minimum_steps[i] << 4);
  if (sk_steps_of(format) == SK_NIBBLES) return;
  const int32_t half = count / 2;
  for (int32_t i = 0; i < half; i++) {
    const int32_t first = g->steps[i] >> 4 | g->minimum_steps[i] >> 4 << 2;
    const int32_t second = g->steps[half + i] >> 4 | g->minimum_steps[half + i] >> 4 << 2;
    to[count + i] = (uint8_t)(first | second << 4);
  }
}

static void write_group(
  const sk_matrix *w, const sk_layout *l, const packed_group *g, uint8_t *row) {
  const int32_t low = sk_low_bits(w->format), planes = sk_bits(w->format) - low;
  const int32_t span = sk_scale_span(w->format, w->block), at = g->start / span;
  uint8_t chunks[SK_GROUP], *to = row + g->start / 8 * low;
  interleave(g->blocks, g->quants, chunks);
  if (low == 8) memcpy(to, chunks, (size_t)(g->blocks * 32));
  else if (low == 4) write_nibbles(g->blocks, chunks, to);
  else write_pairs(g->blocks, chunks, to);
  if (planes > 0)
    write_high_bits(
      g->blocks, low, planes, chunks, row + l->bits_at + g->start / SK_CHUNK * 8 * planes);
  const size_t bytes = (size_t)(g->blocks * 32 / span) * 2;
  memcpy(row + l->scales_at + 2 * at, g->scales, bytes);
  if (w->minimums) memcpy(row + l->minimums_at + 2 * at, g->minimums, bytes);
  if (sk_has_steps(w->format))
    write_steps(
      w->format, g->blocks * 32 / w->block, g,
      row + l->steps_at + sk_step_bytes(w->format, w->block, g->start));
}

// MARK: - Packing

/// Index of a block's scale within its group: blocks of 16 keep the first halves before the second.
static int32_t scale_index(int32_t blocks, int32_t block, int32_t column) {
  if (block != 16) return column / block;
  return column % 32 / 16 * blocks + column / 32;
}

/// Adds a block of GGUF at a column of the group.
static void add_block(
  const sk_matrix *w, packed_group *g, int32_t column, const sb_weights *read, int32_t weights) {
  const int32_t span = sk_scale_span(w->format, w->block);
  memcpy(g->quants + column, read->quants, weights == 32 ? 32 : 256);
  for (int32_t i = 0; i < weights / span; i++) {
    const int32_t index = scale_index(g->blocks, span, column + i * span);
    g->scales[index] = read->scales[i];
    if (w->minimums) g->minimums[index] = read->minimums[i];
  }
  for (int32_t i = 0; sk_has_steps(w->format) && i < weights / w->block; i++) {
    const int32_t index = scale_index(g->blocks, w->block, column + i * w->block);
    g->steps[index] = read->steps[i];
    if (w->minimums) g->minimum_steps[index] = read->minimum_steps[i];
  }
}

static void pack_row(
  const sk_matrix *w, const sk_layout *l, sb_type type, const uint8_t *source, uint8_t *row) {
  const sb_block block = sb_block_of(type);
  packed_group g;
  for (g.start = 0; g.start < l->columns; g.start += g.blocks * 32) {
    g.blocks = sk_group_blocks(l->columns, g.start);
    const int32_t width = g.blocks * 32, left = w->columns - g.start;
    const int32_t count = left < width ? left : width;
    // What pads a row has scale and minimum 0.
    if (count < width) memset(g.quants, 0, sizeof(packed_group) - offsetof(packed_group, quants));
    for (int32_t column = 0; column < count; column += block.weights, source += block.bytes) {
      sb_weights read;
      sb_read_block(type, source, &read);
      add_block(w, &g, column, &read, block.weights);
    }
    write_group(w, l, &g, row);
  }
}

static void pack_floats(sb_type type, const uint8_t *source, int32_t columns, uint8_t *row) {
  if (type != SB_F64) {
    memcpy(row, source, (size_t)columns * (type == SB_F32 ? 4 : 2));
    return;
  }
  for (int64_t i = 0; i < columns; i++) {
    double wide;
    memcpy(&wide, source + 8 * i, 8);
    const float value = (float)wide;
    memcpy(row + 4 * i, &value, 4);
  }
}

void sk_pack_rows(
  const sk_matrix *target, sb_type type, const void *source, int32_t row0, int32_t row1) {
  uint8_t *data = (uint8_t *)(uintptr_t)target->data;
  const sb_block block = sb_block_of(type);
  const int64_t bytes = (int64_t)(target->columns / block.weights) * block.bytes;
  if (sk_is_float(target->format)) {
    for (int64_t r = row0; r < row1; r++)
      pack_floats(
        type, (const uint8_t *)source + r * bytes, target->columns, data + r * target->row_bytes);
    return;
  }
  const sk_layout l =
    sk_layout_of(target->format, target->block, target->minimums, target->columns);
  for (int64_t r = row0; r < row1; r++) {
    uint8_t *row = data + r * target->row_bytes;
    pack_row(target, &l, type, (const uint8_t *)source + r * bytes, row);
    memset(row + l.bytes, 0, (size_t)(target->row_bytes - l.bytes));
  }
}

// MARK: - Unpacking

void sk_read_row(const sk_matrix *w, int32_t r, const sk_row *to) {
  const uint8_t *row = (const uint8_t *)w->data + r * w->row_bytes;
  const sk_layout l = sk_layout_of(w->format, w->block, w->minimums, w->columns);
  const int32_t span = sk_scale_span(w->format, w->block);
  int32_t blocks;
  for (int32_t start = 0; start < l.columns; start += blocks * 32) {
    blocks = sk_group_blocks(l.columns, start);
    uint8_t chunks[SK_GROUP], straight[SK_GROUP];
    for (int32_t c = 0; c < blocks / 2; c++)
      sk_decode_chunk(&l, w->format, row, start / SK_CHUNK + c, chunks + c * SK_CHUNK);
    straighten(blocks, chunks, straight);
    const int32_t left = w->columns - start, count = left < blocks * 32 ? left : blocks * 32;
    memcpy(to->quants + start, straight, (size_t)count);
    for (int32_t column = 0; column < count; column += span) {
      const int32_t index = start / span + scale_index(blocks, span, column);
      const int32_t at = (start + column) / span;
      memcpy(to->scales + at, row + l.scales_at + 2 * index, 2);
      if (w->minimums) memcpy(to->minimums + at, row + l.minimums_at + 2 * index, 2);
    }
    if (!sk_has_steps(w->format)) continue;
    const uint8_t *steps = row + l.steps_at + sk_step_bytes(w->format, w->block, start);
    for (int32_t column = 0; column < count; column += w->block) {
      const int32_t at = (start + column) / w->block;
      const sk_step step = sk_decode_step(
        w->format, steps, count / w->block, scale_index(blocks, w->block, column));
      to->steps[at] = step.scale;
      if (w->minimums) to->minimum_steps[at] = step.minimum;
    }
  }
}

static void unpack_blocks(const sk_matrix *w, int32_t row, float *out) {
  const int32_t offset = sk_offset(w->format, w->minimums);
  const int32_t blocks = (w->columns + w->block - 1) / w->block;
  const int32_t span = sk_scale_span(w->format, w->block);
  uint8_t quants[w->columns];
  uint16_t scales[blocks], minimums[blocks];
  int8_t steps[blocks], minimum_steps[blocks];
  sk_read_row(w, row, &(sk_row){quants, scales, minimums, steps, minimum_steps});
  for (int32_t i = 0; i < w->columns; i++) {
    float scale = sb_half_float(scales[i / span]);
    float minimum = w->minimums ? sb_half_float(minimums[i / span]) : 0;
    if (sk_has_steps(w->format)) scale *= steps[i / w->block];
    if (sk_has_steps(w->format) && w->minimums) minimum *= minimum_steps[i / w->block];
    out[i] = scale * (float)(quants[i] - offset) + minimum;
  }
}

void sk_unpack_row(const sk_matrix *w, int32_t row, float *out) {
  const uint8_t *p = (const uint8_t *)w->data + row * w->row_bytes;
  if (w->format == SK_F32) {
    memcpy(out, p, (size_t)w->columns * 4);
  } else if (w->format == SK_F16) {
    sk_from_f16((const uint16_t *)(const void *)p, out, w->columns);
  } else if (w->format == SK_BF16) {
    for (int32_t i = 0; i < w->columns; i++) {
      uint16_t bits;
      memcpy(&bits, p + 2 * (int64_t)i, 2);
      out[i] = sb_bfloat_float(bits);
    }
  } else {
    unpack_blocks(w, row, out);
  }
}
