// From GGUF's blocks to packed rows, and from packed rows back to floats.
#include "half.h"
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

int32_t sk_packed_format(
  sk_gguf_type type, sk_format *format, int32_t *block, int32_t *minimums) {
  *block = 32;
  *minimums = 0;
  switch (type) {
  case SK_GGUF_F32: *format = SK_F32; *block = 0; return 1;
  case SK_GGUF_F16: *format = SK_F16; *block = 0; return 1;
  case SK_GGUF_BF16: *format = SK_BF16; *block = 0; return 1;
  case SK_GGUF_Q4_0: *format = SK_Q4; return 1;
  case SK_GGUF_Q5_0: *format = SK_Q5; return 1;
  case SK_GGUF_Q8_0: *format = SK_Q8; return 1;
  case SK_GGUF_Q4_1:
  case SK_GGUF_Q4_K: *format = SK_Q4; *minimums = 1; return 1;
  case SK_GGUF_Q5_1:
  case SK_GGUF_Q5_K: *format = SK_Q5; *minimums = 1; return 1;
  case SK_GGUF_Q6_K: *format = SK_Q6; *block = 16; return 1;
  }
  return 0;
}

// MARK: - Reading GGUF

/// Up to 256 weights of a GGUF row, as integers and what they are multiplied by.
typedef struct {
  uint8_t quants[256];
  uint16_t scales[16];    ///< float16, one a block
  uint16_t minimums[16];  ///< float16, one a block
} gguf_weights;

static uint16_t half_product(float a, float b) { return sk_float_half(a * b); }

static void read_nibbles(const uint8_t *p, uint8_t *quants) {
  for (int i = 0; i < 16; i++) {
    quants[i] = p[i] & 15;
    quants[i + 16] = p[i] >> 4;
  }
}

static void read_fifth_bits(const uint8_t *p, uint8_t *quants) {
  uint32_t bits;
  memcpy(&bits, p, 4);
  for (int i = 0; i < 32; i++) quants[i] |= (bits >> i & 1) << 4;
}

/// The 6-bit scale and minimum of block `i` of a Q4_K or Q5_K super-block.
static void read_k_scale(const uint8_t *p, int i, uint8_t *scale, uint8_t *minimum) {
  if (i < 4) {
    *scale = p[i] & 63;
    *minimum = p[i + 4] & 63;
  } else {
    *scale = (p[i + 4] & 15) | (p[i - 4] >> 6) << 4;
    *minimum = p[i + 4] >> 4 | (p[i] >> 6) << 4;
  }
}

static void read_k_scales(const uint8_t *p, gguf_weights *w) {
  float d = sk_half_at(p, 0), least = sk_half_at(p, 1);
  for (int i = 0; i < 8; i++) {
    uint8_t scale, minimum;
    read_k_scale(p + 4, i, &scale, &minimum);
    w->scales[i] = half_product(d, scale);
    w->minimums[i] = half_product(-least, minimum);
  }
}

static void read_q4_k(const uint8_t *p, gguf_weights *w) {
  read_k_scales(p, w);
  p += 16;
  for (int i = 0; i < 256; i++) {
    uint8_t pair = p[i / 64 * 32 + i % 32];
    w->quants[i] = i % 64 < 32 ? pair & 15 : pair >> 4;
  }
}

static void read_q5_k(const uint8_t *p, gguf_weights *w) {
  read_k_scales(p, w);
  const uint8_t *high = p + 16, *low = p + 48;
  for (int i = 0; i < 256; i++) {
    uint8_t pair = low[i / 64 * 32 + i % 32];
    w->quants[i] = (i % 64 < 32 ? pair & 15 : pair >> 4) | (high[i % 32] >> i / 32 & 1) << 4;
  }
}

static void read_q6_k(const uint8_t *p, gguf_weights *w) {
  const uint8_t *low = p, *high = p + 128;
  float d = sk_half_at(p + 208, 0);
  for (int i = 0; i < 16; i++) w->scales[i] = half_product(d, (int8_t)p[192 + i]);
  for (int i = 0; i < 256; i++) {
    int half = i / 128, quarter = i % 128 / 32, l = i % 32;
    uint8_t pair = low[half * 64 + quarter % 2 * 32 + l];
    uint8_t two = high[half * 32 + l] >> 2 * quarter & 3;
    w->quants[i] = (quarter < 2 ? pair & 15 : pair >> 4) | two << 4;
  }
}

/// Bytes and weights of one block of a GGUF type.
static void gguf_block(sk_gguf_type type, int32_t *bytes, int32_t *weights) {
  *weights = 32;
  switch (type) {
  case SK_GGUF_Q4_0: *bytes = 18; return;
  case SK_GGUF_Q4_1: *bytes = 20; return;
  case SK_GGUF_Q5_0: *bytes = 22; return;
  case SK_GGUF_Q5_1: *bytes = 24; return;
  case SK_GGUF_Q8_0: *bytes = 34; return;
  default: break;
  }
  *weights = 256;
  *bytes = type == SK_GGUF_Q4_K ? 144 : type == SK_GGUF_Q5_K ? 176 : 210;
}

static void read_block(sk_gguf_type type, const uint8_t *p, gguf_weights *w) {
  memcpy(w->scales, p, 2);
  switch (type) {
  case SK_GGUF_Q4_0: read_nibbles(p + 2, w->quants); return;
  case SK_GGUF_Q4_1:
    memcpy(w->minimums, p + 2, 2);
    read_nibbles(p + 4, w->quants);
    return;
  case SK_GGUF_Q5_0:
    read_nibbles(p + 6, w->quants);
    read_fifth_bits(p + 2, w->quants);
    return;
  case SK_GGUF_Q5_1:
    memcpy(w->minimums, p + 2, 2);
    read_nibbles(p + 8, w->quants);
    read_fifth_bits(p + 4, w->quants);
    return;
  case SK_GGUF_Q8_0:
    // Unsigned, with the offset 128: flipping the top bit is adding 128.
    for (int i = 0; i < 32; i++) w->quants[i] = p[2 + i] ^ 128;
    return;
  case SK_GGUF_Q4_K: read_q4_k(p, w); return;
  case SK_GGUF_Q5_K: read_q5_k(p, w); return;
  case SK_GGUF_Q6_K: read_q6_k(p, w); return;
  default: return;
  }
}

// MARK: - Groups of blocks

/// A group's integers in column order, and its blocks' float16 numbers in the packed order.
typedef struct {
  int32_t blocks;  ///< of 32 weights: 16, 8, 4 or 2 (G)
  int32_t start;   ///< its first column
  uint8_t quants[SK_GROUP];
  uint16_t scales[32];
  uint16_t minimums[32];
} packed_group;

/// The group that starts at column `start` of a row of `columns`.
static int32_t group_blocks(int32_t columns, int32_t start) {
  int32_t left = columns - start;
  if (left >= SK_GROUP) return 16;
  return left & 256 ? 8 : left & 128 ? 4 : 2;
}

/// Between column order and chunks: lane j of chunk c holds word c * (16 / G) + j / G of block j %
/// G.
static void interleave(int32_t blocks, const uint8_t *quants, uint8_t *chunks) {
  const int32_t span = 16 / blocks;
  for (int32_t c = 0; c < blocks / 2; c++)
    for (int32_t j = 0; j < 16; j++)
      memcpy(
        chunks + c * SK_CHUNK + j * 4, quants + j % blocks * 32 + (c * span + j / blocks) * 4, 4);
}

static void straighten(int32_t blocks, const uint8_t *chunks, uint8_t *quants) {
  const int32_t span = 16 / blocks;
  for (int32_t c = 0; c < blocks / 2; c++)
    for (int32_t j = 0; j < 16; j++)
      memcpy(
        quants + j % blocks * 32 + (c * span + j / blocks) * 4, chunks + c * SK_CHUNK + j * 4, 4);
}

/// Two chunks share 64 bytes; a group of one chunk has its halves in 32.
static void write_low_bits(int32_t blocks, const uint8_t *chunks, uint8_t *low) {
  const int32_t half = blocks == 2 ? 32 : SK_CHUNK;
  for (int32_t c = 0; c < blocks / 2; c += 2, chunks += 2 * SK_CHUNK, low += SK_CHUNK)
    for (int32_t i = 0; i < half; i++)
      low[i] = (uint8_t)((chunks[i] & 15) | chunks[i + half] << 4);
}

/// A full group has planes of 64 bytes: of fifth bits one in which chunk c has bit c of each byte;
/// of fifth and sixth bits two, of four chunks and two bits each. A shift and a mask bring them
/// into place. The tail's chunks hold a mask of 64 bits for each bit: a group's share of a plane
/// would be less than a vector.
static void write_high_bits(int32_t blocks, int32_t bits, const uint8_t *chunks, uint8_t *high) {
  const int32_t planes = bits - 4;
  memset(high, 0, (size_t)(blocks / 2 * 8 * planes));
  for (int32_t c = 0; c < blocks / 2; c++, chunks += SK_CHUNK) {
    if (blocks < 16) {
      for (int32_t plane = 0; plane < planes; plane++, high += 8)
        for (int32_t i = 0; i < SK_CHUNK; i++)
          high[i / 8] |= (uint8_t)((chunks[i] >> (4 + plane) & 1) << i % 8);
    } else if (bits == 5) {
      for (int32_t i = 0; i < SK_CHUNK; i++) high[i] |= (uint8_t)((chunks[i] >> 4 & 1) << c);
    } else {
      uint8_t *plane = high + c / 4 * SK_CHUNK;
      for (int32_t i = 0; i < SK_CHUNK; i++)
        plane[i] |= (uint8_t)((chunks[i] >> 4 & 3) << c % 4 * 2);
    }
  }
}

static void write_group(
  const sk_matrix *w, const sk_layout *l, const packed_group *g, uint8_t *row) {
  const int32_t bits = (int32_t)w->format, at = g->start / w->block;
  uint8_t chunks[SK_GROUP];
  interleave(g->blocks, g->quants, chunks);
  if (bits == 8) {
    memcpy(row + g->start, chunks, (size_t)(g->blocks * 32));
  } else {
    write_low_bits(g->blocks, chunks, row + g->start / 2);
    if (bits > 4)
      write_high_bits(
        g->blocks, bits, chunks, row + l->bits_at + g->start / SK_CHUNK * 8 * (bits - 4));
  }
  const size_t bytes = (size_t)(g->blocks * 32 / w->block) * 2;
  memcpy(row + l->scales_at + 2 * at, g->scales, bytes);
  if (w->minimums) memcpy(row + l->minimums_at + 2 * at, g->minimums, bytes);
}

// MARK: - Packing

/// Index of a block's scale within its group: blocks of 16 keep the first halves before the second.
static int32_t scale_index(int32_t blocks, int32_t block, int32_t column) {
  if (block == 32) return column / 32;
  return column % 32 / 16 * blocks + column / 32;
}

static void pack_row(
  const sk_matrix *w, const sk_layout *l, sk_gguf_type type, const uint8_t *source, uint8_t *row) {
  int32_t bytes, weights;
  gguf_block(type, &bytes, &weights);
  packed_group g;
  for (g.start = 0; g.start < l->columns; g.start += g.blocks * 32) {
    g.blocks = group_blocks(l->columns, g.start);
    const int32_t width = g.blocks * 32, left = w->columns - g.start;
    const int32_t count = left < width ? left : width;
    // What pads a row has scale and minimum 0.
    if (count < width) memset(g.quants, 0, sizeof(packed_group) - offsetof(packed_group, quants));
    for (int32_t column = 0; column < count; column += weights, source += bytes) {
      gguf_weights read;
      read_block(type, source, &read);
      memcpy(g.quants + column, read.quants, (size_t)weights);
      for (int32_t i = 0; i < weights / w->block; i++) {
        const int32_t index = scale_index(g.blocks, w->block, column + i * w->block);
        g.scales[index] = read.scales[i];
        if (w->minimums) g.minimums[index] = read.minimums[i];
      }
    }
    write_group(w, l, &g, row);
  }
}

void sk_pack_rows(
  const sk_matrix *target, sk_gguf_type type, const void *source, int32_t row0, int32_t row1) {
  uint8_t *data = (uint8_t *)(uintptr_t)target->data;
  const uint8_t *from = source;
  if (sk_is_float(target->format)) {
    const int64_t bytes = sk_row_bytes(target->format, 0, 0, target->columns);
    for (int64_t r = row0; r < row1; r++)
      memcpy(data + r * target->row_bytes, from + r * bytes, (size_t)bytes);
    return;
  }
  const sk_layout l =
    sk_layout_of(target->format, target->block, target->minimums, target->columns);
  int32_t block_bytes, weights;
  gguf_block(type, &block_bytes, &weights);
  const int64_t bytes = (int64_t)(target->columns / weights) * block_bytes;
  for (int64_t r = row0; r < row1; r++) {
    uint8_t *row = data + r * target->row_bytes;
    pack_row(target, &l, type, from + r * bytes, row);
    memset(row + l.bytes, 0, (size_t)(target->row_bytes - l.bytes));
  }
}

// MARK: - Unpacking

void sk_row_quants(
  const sk_matrix *w, int32_t r, uint8_t *quants, uint16_t *scales, uint16_t *minimums) {
  const uint8_t *row = (const uint8_t *)w->data + r * w->row_bytes;
  const sk_layout l = sk_layout_of(w->format, w->block, w->minimums, w->columns);
  int32_t blocks;
  for (int32_t start = 0; start < l.columns; start += blocks * 32) {
    blocks = group_blocks(l.columns, start);
    uint8_t chunks[SK_GROUP], straight[SK_GROUP];
    for (int32_t c = 0; c < blocks / 2; c++)
      sk_decode_chunk(&l, (int32_t)w->format, row, start / SK_CHUNK + c, chunks + c * SK_CHUNK);
    straighten(blocks, chunks, straight);
    const int32_t left = w->columns - start, count = left < blocks * 32 ? left : blocks * 32;
    memcpy(quants + start, straight, (size_t)count);
    for (int32_t column = 0; column < count; column += w->block) {
      const int32_t index = start / w->block + scale_index(blocks, w->block, column);
      const int32_t at = (start + column) / w->block;
      memcpy(scales + at, row + l.scales_at + 2 * index, 2);
      if (w->minimums) memcpy(minimums + at, row + l.minimums_at + 2 * index, 2);
    }
  }
}

static void unpack_blocks(const sk_matrix *w, int32_t row, float *out) {
  const int32_t offset = w->minimums ? 0 : 1 << ((int32_t)w->format - 1);
  const int32_t blocks = (w->columns + w->block - 1) / w->block;
  uint8_t quants[w->columns];
  uint16_t scales[blocks], minimums[blocks];
  sk_row_quants(w, row, quants, scales, minimums);
  for (int32_t i = 0; i < w->columns; i++) {
    const int32_t at = i / w->block;
    const float minimum = w->minimums ? sk_half_float(minimums[at]) : 0;
    out[i] = sk_half_float(scales[at]) * (float)(quants[i] - offset) + minimum;
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
      out[i] = sk_bfloat_float(bits);
    }
  } else {
    unpack_blocks(w, row, out);
  }
}
