// The scalar reference of norms, rotations, activations and selection.
#include "half.h"
#include "scalar.h"

void sk_rms_norm_scalar(const float *x, const float *weight, float epsilon, int32_t n, float *y) {
  double sum = 0;
  for (int32_t i = 0; i < n; i++) sum += (double)x[i] * x[i];
  float inverse = 1 / sqrtf((float)(sum / n) + epsilon);
  for (int32_t i = 0; i < n; i++) y[i] = x[i] * inverse * (weight ? weight[i] : 1);
}

void sk_layer_norm_scalar(
  const float *x, const float *weight, const float *bias, float epsilon, int32_t n, float *y) {
  double sum = 0, squares = 0;
  for (int32_t i = 0; i < n; i++) sum += x[i];
  float mean = (float)(sum / n);
  for (int32_t i = 0; i < n; i++) squares += (double)(x[i] - mean) * (x[i] - mean);
  float inverse = 1 / sqrtf((float)(squares / n) + epsilon);
  for (int32_t i = 0; i < n; i++)
    y[i] = (x[i] - mean) * inverse * (weight ? weight[i] : 1) + (bias ? bias[i] : 0);
}

void sk_rotate_scalar(
  float *x, int32_t heads, int32_t head_dim, int32_t rotary, const float *cosine,
  const float *sine, int32_t interleaved) {
  int32_t half = rotary / 2;
  for (int32_t h = 0; h < heads; h++, x += head_dim) {
    for (int32_t i = 0; i < half; i++) {
      float *first = interleaved ? x + 2 * i : x + i;
      float *second = interleaved ? first + 1 : first + half;
      float a = *first, b = *second;
      *first = a * cosine[i] - b * sine[i];
      *second = b * cosine[i] + a * sine[i];
    }
  }
}

static float activation(sk_activation kind, float x) {
  switch (kind) {
  case SK_RELU: return x < 0 ? 0 : x;
  case SK_RELU_SQUARED: return x < 0 ? 0 : x * x;
  case SK_SILU: return x / (1 + expf(-x));
  case SK_GELU_ERF: return 0.5f * x * erfcf(x * -0.70710678f);
  case SK_SIGMOID: return 1 / (1 + expf(-x));
  case SK_GELU_TANH: {
    // 0.5 (1 + tanh(u)) is the logistic function of 2u: no cancellation where x is negative.
    float u = 0.79788456f * x * (1 + 0.044715f * x * x);
    return x / (1 + expf(-2 * u));
  }
  }
  return x;
}

void sk_activate_scalar(
  sk_activation kind, const float *x, const float *up, float *y, int32_t n) {
  for (int32_t i = 0; i < n; i++) y[i] = activation(kind, x[i]) * (up ? up[i] : 1);
}

void sk_add_acc_scalar(const float *x, float *y, int32_t n) {
  for (int32_t i = 0; i < n; i++) y[i] += x[i];
}

void sk_scale_scalar(const float *x, float scale, float *y, int32_t n) {
  for (int32_t i = 0; i < n; i++) y[i] = x[i] * scale;
}

void sk_softcap_scalar(const float *x, float cap, float *y, int32_t n) {
  for (int32_t i = 0; i < n; i++) y[i] = cap * tanhf(x[i] / cap);
}

void sk_to_f16_scalar(const float *x, uint16_t *y, int32_t n) {
  for (int32_t i = 0; i < n; i++) y[i] = sb_float_half(x[i]);
}

void sk_from_f16_scalar(const uint16_t *x, float *y, int32_t n) {
  for (int32_t i = 0; i < n; i++) y[i] = sb_half_float(x[i]);
}

int32_t sk_argmax_scalar(const float *x, int32_t n) {
  int32_t best = 0;
  float most = -INFINITY;
  for (int32_t i = 0; i < n; i++) {
    if (x[i] > most) {
      most = x[i];
      best = i;
    }
  }
  return best;
}

float sk_log_sum_exp_scalar(const float *x, int32_t n) {
  float most = x[sk_argmax_scalar(x, n)];
  if (isinf(most)) return most;
  double sum = 0;
  for (int32_t i = 0; i < n; i++) sum += expf(x[i] - most);
  return most + (float)log(sum);
}

int32_t sk_select_above_scalar(
  const float *x, int32_t n, float threshold, int32_t base, int32_t *indices, int32_t capacity) {
  int32_t count = 0;
  for (int32_t i = 0; i < n; i++) {
    if (!(x[i] >= threshold)) continue;
    if (count < capacity) indices[count] = base + i;
    count++;
  }
  return count;
}

uint64_t sk_read_sum_scalar(const void *memory, size_t bytes) {
  const uint8_t *p = memory;
  uint64_t sum = 0, word;
  for (; bytes >= 8; bytes -= 8, p += 8) {
    memcpy(&word, p, 8);
    sum += word;
  }
  for (; bytes; bytes--) sum += *p++;
  return sum;
}

const sk_table sk_table_scalar = {
  .name = "scalar",
  .tiles = sk_tiles_scalar,
  .quantize = sk_quantize_scalar,
  .rms_norm = sk_rms_norm_scalar,
  .layer_norm = sk_layer_norm_scalar,
  .rotate = sk_rotate_scalar,
  .activate = sk_activate_scalar,
  .add_acc = sk_add_acc_scalar,
  .scale = sk_scale_scalar,
  .softcap = sk_softcap_scalar,
  .to_f16 = sk_to_f16_scalar,
  .from_f16 = sk_from_f16_scalar,
  .attend = sk_attend_scalar,
  .argmax = sk_argmax_scalar,
  .log_sum_exp = sk_log_sum_exp_scalar,
  .select_above = sk_select_above_scalar,
  .sketch_scores = sk_sketch_scores_scalar,
  .columns_acc = sk_columns_acc_scalar,
  .group_acc = sk_group_acc_scalar,
  .read_sum = sk_read_sum_scalar,
};
