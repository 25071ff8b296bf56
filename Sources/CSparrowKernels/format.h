/// What the formats of packed matrices are made of.
#pragma once
#include "CSparrowKernels.h"

#define SK_INLINE static inline __attribute__((always_inline))

/// Columns that share a scale and a minimum where blocks have steps of them.
#define SK_STEP_SPAN 256

SK_INLINE int32_t sk_is_float(sk_format format) { return format < SK_Q4; }

/// Bits of a stored quant.
SK_INLINE int32_t sk_bits(sk_format format) {
  switch (format) {
  case SK_Q2: return 2;
  case SK_Q3: return 3;
  case SK_IQ4:
  case SK_FP4: return 4;
  default: return (int32_t)format;
  }
}

/// Those of them that lie in the first planes, the others being apart.
SK_INLINE int32_t sk_low_bits(sk_format format) {
  const int32_t bits = sk_bits(format);
  return bits < 4 ? 2 : bits < 8 ? 4 : 8;
}

/// What quants are indices of, plus 128; NULL where they are integers themselves.
SK_INLINE const uint8_t *sk_table_of(sk_format format) {
  if (format == SK_FP4) return sb_quarter_values;
  return format == SK_IQ4 ? sb_normal_values : NULL;
}

/// Bits of what is multiplied: of quants, or of the values of a table.
SK_INLINE int32_t sk_value_bits(sk_format format) {
  return format == SK_IQ4 || format == SK_FP4 ? 8 : sk_bits(format);
}

/// What is taken from a value before it is multiplied by its scale.
SK_INLINE int32_t sk_offset(sk_format format, int32_t minimums) {
  return minimums ? 0 : 1 << (sk_value_bits(format) - 1);
}

SK_INLINE int32_t sk_has_steps(sk_format format) { return format == SK_Q2; }

/// Columns that share a float16 scale.
SK_INLINE int32_t sk_scale_span(sk_format format, int32_t block) {
  return sk_has_steps(format) ? SK_STEP_SPAN : block;
}
