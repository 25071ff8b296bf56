/// What the formats of packed matrices are made of.
#pragma once
#include "CSparrowKernels.h"

#define SK_INLINE static inline __attribute__((always_inline))

/// Columns that share a scale and a minimum where blocks have steps of them.
#define SK_STEP_SPAN 256

/// What blocks keep of steps.
typedef enum {
  SK_NO_STEPS,
  /// A byte: the scale's step, and the minimum's in the high half.
  SK_NIBBLES,
  /// The same of 6 bits each. The bits above the fourth come after the bytes of a group: a nibble a
  /// block, the minimum's high, of the group's second half in the high halves.
  SK_SIXES,
  /// A signed byte: the scale's step.
  SK_BYTES,
} sk_steps;

SK_INLINE int32_t sk_is_float(sk_format format) { return format < SK_Q4; }

/// Bits of a stored quant.
SK_INLINE int32_t sk_bits(sk_format format) {
  switch (format) {
  case SK_Q2: return 2;
  case SK_Q3: return 3;
  case SK_IQ4:
  case SK_IQ4_XS:
  case SK_Q4_K:
  case SK_FP4: return 4;
  case SK_Q5_K: return 5;
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
  return format == SK_IQ4 || format == SK_IQ4_XS ? sb_normal_values : NULL;
}

/// Bits of what is multiplied: of quants, or of the values of a table.
SK_INLINE int32_t sk_value_bits(sk_format format) {
  return sk_table_of(format) ? 8 : sk_bits(format);
}

/// What is taken from a value before it is multiplied by its scale.
SK_INLINE int32_t sk_offset(sk_format format, int32_t minimums) {
  return minimums ? 0 : 1 << (sk_value_bits(format) - 1);
}

SK_INLINE sk_steps sk_steps_of(sk_format format) {
  switch (format) {
  case SK_Q2: return SK_NIBBLES;
  case SK_Q4_K:
  case SK_Q5_K: return SK_SIXES;
  case SK_Q3:
  case SK_Q6:
  case SK_IQ4_XS: return SK_BYTES;
  default: return SK_NO_STEPS;
  }
}

SK_INLINE int32_t sk_has_steps(sk_format format) { return sk_steps_of(format) != SK_NO_STEPS; }

/// Bytes of the steps of so many columns, whole spans.
SK_INLINE int32_t sk_step_bytes(sk_format format, int32_t block, int32_t columns) {
  switch (sk_steps_of(format)) {
  case SK_NO_STEPS: return 0;
  case SK_SIXES: return columns / 64 * 3;
  default: return columns / block;
  }
}

/// Columns that share a float16 scale.
SK_INLINE int32_t sk_scale_span(sk_format format, int32_t block) {
  return sk_has_steps(format) ? SK_STEP_SPAN : block;
}
