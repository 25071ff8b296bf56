// From GGUF's blocks to packed rows, and from packed rows back to floats.
#include "half.h"
#include "internal.h"

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

// MARK: - Writing packed rows

/// Byte and bit of a weight's high bits (the fifth; or the fifth and sixth).
typedef struct {
  int32_t byte;
  int32_t shift;
} high_bits;

/// Full groups hold a 64-byte plane in which chunk c has bit c of each byte (Q6: two planes of four chunks,
/// two bits each), which a shift and a mask bring into place. The tail's chunks hold 64-bit masks, Q6 two.
static high_bits high_bits_of(const sk_layout *l, sk_place p, int32_t bits, int32_t plane) {
  int32_t group = p.chunk / 8, chunk = p.chunk % 8, per = bits - 4;
  if (group < l->groups) {
    int32_t at = l->bits_at + group * 64 * per + p.byte;
    if (bits == 5) return (high_bits){at, chunk};
    return (high_bits){at + chunk / 4 * 64, chunk % 4 * 2 + plane};
  }
  int32_t at = l->bits_at + l->groups * 64 * per + chunk * 8 * per + plane * 8;
  return (high_bits){at + p.byte / 8, p.byte % 8};
}

/// Byte and shift of a weight's low four bits: two chunks share 64 bytes, and a last odd chunk's two halves
/// share 32.
static high_bits low_bits_of(const sk_layout *l, sk_place p) {
  int32_t chunks = l->columns / SK_CHUNK, at = p.chunk / 2 * SK_CHUNK;
  if (p.chunk == chunks - 1 && chunks % 2)
    return (high_bits){at + p.byte % 32, p.byte / 32 * 4};
  return (high_bits){at + p.byte, p.chunk % 2 * 4};
}

static void put_quant(
  const sk_layout *l, int32_t bits, uint8_t *row, int32_t column, uint32_t quant) {
  sk_place p = sk_place_of(l->columns, column);
  if (bits == 8) {
    row[p.chunk * SK_CHUNK + p.byte] = (uint8_t)quant;
    return;
  }
  high_bits low = low_bits_of(l, p);
  row[low.byte] |= (quant & 15) << low.shift;
  for (int32_t plane = 0; plane < bits - 4; plane++) {
    high_bits high = high_bits_of(l, p, bits, plane);
    row[high.byte] |= (quant >> (4 + plane) & 1) << high.shift;
  }
}

uint32_t sk_get_quant(const sk_layout *l, int32_t bits, const uint8_t *row, int32_t column) {
  sk_place p = sk_place_of(l->columns, column);
  if (bits == 8) return row[p.chunk * SK_CHUNK + p.byte];
  high_bits low = low_bits_of(l, p);
  uint32_t quant = row[low.byte] >> low.shift & 15;
  for (int32_t plane = 0; plane < bits - 4; plane++) {
    high_bits high = high_bits_of(l, p, bits, plane);
    quant |= (uint32_t)(row[high.byte] >> high.shift & 1) << (4 + plane);
  }
  return quant;
}

static void put_half(uint8_t *plane, int32_t index, uint16_t half) {
  memcpy(plane + 2 * index, &half, 2);
}

static void pack_row(const sk_matrix *w, sk_gguf_type type, const uint8_t *source, uint8_t *row) {
  sk_layout l = sk_layout_of(w->format, w->block, w->minimums, w->columns);
  int32_t bits = (int32_t)w->format, bytes, weights;
  gguf_block(type, &bytes, &weights);
  memset(row, 0, (size_t)w->row_bytes);
  gguf_weights read;
  for (int32_t start = 0; start < w->columns; start += weights, source += bytes) {
    read_block(type, source, &read);
    int32_t end = weights < w->columns - start ? weights : w->columns - start;
    for (int32_t i = 0; i < end; i++) {
      int32_t column = start + i;
      put_quant(&l, bits, row, column, read.quants[i]);
      if (i % w->block) continue;
      sk_place p = sk_place_of(l.columns, column);
      int32_t index = sk_scale_index(p, column, w->block);
      put_half(row + l.scales_at, index, read.scales[i / w->block]);
      if (w->minimums) put_half(row + l.minimums_at, index, read.minimums[i / w->block]);
    }
  }
}

void sk_pack_rows(
  const sk_matrix *target, sk_gguf_type type, const void *source, int32_t row0, int32_t row1) {
  uint8_t *data = (uint8_t *)(uintptr_t)target->data;
  const uint8_t *from = source;
  int64_t bytes;
  if (sk_is_float(target->format)) {
    bytes = sk_row_bytes(target->format, 0, 0, target->columns);
  } else {
    int32_t block_bytes, weights;
    gguf_block(type, &block_bytes, &weights);
    bytes = (int64_t)(target->columns / weights) * block_bytes;
  }
  for (int64_t r = row0; r < row1; r++) {
    uint8_t *row = data + r * target->row_bytes;
    if (sk_is_float(target->format)) memcpy(row, from + r * bytes, (size_t)bytes);
    else pack_row(target, type, from + r * bytes, row);
  }
}

// MARK: - Unpacking

void sk_unpack_row(const sk_matrix *w, int32_t row, float *out) {
  const uint8_t *p = (const uint8_t *)w->data + row * w->row_bytes;
  if (w->format == SK_F32) {
    memcpy(out, p, (size_t)w->columns * 4);
    return;
  }
  if (w->format == SK_F16) {
    for (int32_t i = 0; i < w->columns; i++) out[i] = sk_half_at(p, i);
    return;
  }
  if (w->format == SK_BF16) {
    for (int32_t i = 0; i < w->columns; i++) {
      uint16_t bits;
      memcpy(&bits, p + 2 * (int64_t)i, 2);
      out[i] = sk_bfloat_float(bits);
    }
    return;
  }
  sk_layout l = sk_layout_of(w->format, w->block, w->minimums, w->columns);
  int32_t bits = (int32_t)w->format, offset = w->minimums ? 0 : 1 << (bits - 1);
  for (int32_t i = 0; i < w->columns; i++) {
    int32_t index = sk_scale_index(sk_place_of(l.columns, i), i, w->block);
    float scale = sk_half_at(p + l.scales_at, index);
    float minimum = w->minimums ? sk_half_at(p + l.minimums_at, index) : 0;
    out[i] = scale * (float)((int32_t)sk_get_quant(&l, bits, p, i) - offset) + minimum;
  }
}
