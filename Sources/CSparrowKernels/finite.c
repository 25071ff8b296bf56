// Whether packed weights are numbers, seen without computing them.
#include "internal.h"

/// 1 unless one of `count` elements has all of the exponent's bits, which numbers never have.
static int32_t words_finite(const uint8_t *p, int64_t count, uint32_t exponent) {
  uint32_t found = 0;
  for (int64_t i = 0; i < count; i++) {
    uint32_t bits;
    memcpy(&bits, p + 4 * i, 4);
    found |= (bits & exponent) == exponent;
  }
  return !found;
}

static int32_t halves_finite(const uint8_t *p, int64_t count, uint16_t exponent) {
  uint16_t found = 0;
  for (int64_t i = 0; i < count; i++) {
    uint16_t bits;
    memcpy(&bits, p + 2 * i, 2);
    found |= (bits & exponent) == exponent;
  }
  return !found;
}

/// Of blocks the scales and minimums, which stand together: quants are always numbers.
static int32_t row_finite(const sk_matrix *w, const uint8_t *row) {
  if (w->format == SK_F32) return words_finite(row, w->columns, 0x7f800000);
  if (w->format == SK_F16) return halves_finite(row, w->columns, 0x7c00);
  if (w->format == SK_BF16) return halves_finite(row, w->columns, 0x7f80);
  const sk_layout l = sk_layout_of(w->format, w->block, w->minimums, w->columns);
  return halves_finite(row + l.scales_at, (l.steps_at - l.scales_at) / 2, 0x7c00);
}

int32_t sk_rows_finite(const sk_matrix *w, int32_t row0, int32_t row1) {
  int32_t finite = 1;
  for (int64_t r = row0; r < row1; r++)
    finite &= row_finite(w, (const uint8_t *)w->data + r * w->row_bytes);
  return finite;
}
