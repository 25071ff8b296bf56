/// What an instruction set's files provide to its table, by the set's own names.
#pragma once

const sk_tiles *SK_NAME(sk_tiles)(sk_format format, int32_t block, int32_t minimums);
void SK_NAME(sk_quantize)(const float *x, int32_t columns, void *out);
void SK_NAME(sk_attend)(
  const sk_attention *a, const float *q, int64_t q_stride, int32_t heads, int32_t tokens,
  int32_t first, const sk_cached_head *cache, float *out, int64_t out_stride, void *scratch);

void SK_NAME(sk_sketch_scores)(
  const uint8_t *codes, const uint8_t *tables, const uint16_t *bias, int32_t pairs, float scale,
  float offset, int32_t block0, int32_t block1, float *scores, float *block_best);

void SK_NAME(sk_columns_acc)(
  const sk_columns *w, const int32_t *columns, const float *a, int32_t count, float *y);
void SK_NAME(sk_group_acc)(
  const sk_columns *w, int32_t column, int32_t next, const int8_t *a, float scale, float *y);

#define SK_TABLE(isa) \
  { \
    .name = isa, .tiles = SK_NAME(sk_tiles), .quantize = SK_NAME(sk_quantize), \
    .rms_norm = SK_NAME(rms_norm), .layer_norm = SK_NAME(layer_norm), .rotate = SK_NAME(rotate), \
    .activate = SK_NAME(activate), .add_acc = SK_NAME(add_acc), .scale = SK_NAME(scale), \
    .softcap = SK_NAME(softcap), .to_f16 = SK_NAME(to_f16), .from_f16 = SK_NAME(from_f16), \
    .attend = SK_NAME(sk_attend), .argmax = SK_NAME(argmax), \
    .log_sum_exp = SK_NAME(log_sum_exp), .select_above = SK_NAME(select_above), \
    .sketch_scores = SK_NAME(sk_sketch_scores), .columns_acc = SK_NAME(sk_columns_acc), \
    .group_acc = SK_NAME(sk_group_acc), \
    .read_sum = SK_NAME(read_sum), \
  }
