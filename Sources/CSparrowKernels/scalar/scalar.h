/// The scalar kernels, by name: tables of other instruction sets fall back on them.
#pragma once
#include "../internal.h"

const sk_tiles *sk_tiles_scalar(sk_format format, int32_t block, int32_t minimums);
void sk_quantize_scalar(const float *x, int32_t columns, void *out);
void sk_rms_norm_scalar(const float *x, const float *weight, float epsilon, int32_t n, float *y);
void sk_layer_norm_scalar(
  const float *x, const float *weight, const float *bias, float epsilon, int32_t n, float *y);
void sk_rotate_scalar(
  float *x, int32_t heads, int32_t head_dim, int32_t rotary, const float *cosine,
  const float *sine, int32_t interleaved);
void sk_activate_scalar(
  sk_activation kind, const float *x, const float *up, float *y, int32_t n);
void sk_add_acc_scalar(const float *x, float *y, int32_t n);
void sk_scale_scalar(const float *x, float scale, float *y, int32_t n);
void sk_softcap_scalar(const float *x, float cap, float *y, int32_t n);
void sk_to_f16_scalar(const float *x, uint16_t *y, int32_t n);
void sk_from_f16_scalar(const uint16_t *x, float *y, int32_t n);
void sk_attend_scalar(
  const sk_attention *a, const float *q, int64_t q_stride, int32_t heads, int32_t tokens,
  int32_t first, const sk_cached_head *cache, float *out, int64_t out_stride, void *scratch);
int32_t sk_argmax_scalar(const float *x, int32_t n);
float sk_log_sum_exp_scalar(const float *x, int32_t n);
int32_t sk_select_above_scalar(
  const float *x, int32_t n, float threshold, int32_t base, int32_t *indices, int32_t capacity);
void sk_sketch_scores_scalar(
  const uint8_t *codes, const uint8_t *tables, const uint16_t *bias, int32_t pairs, float scale,
  float offset, int32_t block0, int32_t block1, float *scores, float *block_best);
void sk_columns_acc_scalar(
  const sk_columns *w, const int32_t *columns, const float *a, int32_t count, float *y);
void sk_group_acc_scalar(
  const sk_columns *w, int32_t column, int32_t next, const int8_t *a, float scale, float *y);
uint64_t sk_read_sum_scalar(const void *memory, size_t bytes);
