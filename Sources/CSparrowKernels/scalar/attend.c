// The scalar reference of attention: one query after another, softmax updated key by key.
#include "../half.h"
#include "scalar.h"

static void attend_one(
  const sk_attention *a, const float *q, int32_t position, const uint16_t *keys,
  const uint16_t *values, int64_t kv_stride, float *out) {
  int32_t begin = a->window > 0 && position >= a->window ? position - a->window + 1 : 0;
  float most = -INFINITY, total = 0;
  memset(out, 0, (size_t)a->head_dim * sizeof(float));
  for (int64_t p = begin; p <= position; p++) {
    const uint16_t *key = keys + p * kv_stride, *value = values + p * kv_stride;
    float score = 0;
    for (int32_t i = 0; i < a->head_dim; i++) score += q[i] * sk_half_float(key[i]);
    score *= a->scale;
    if (a->softcap > 0) score = a->softcap * tanhf(score / a->softcap);
    if (score > most) {
      float shrink = expf(most - score);
      total *= shrink;
      for (int32_t i = 0; i < a->head_dim; i++) out[i] *= shrink;
      most = score;
    }
    float weight = expf(score - most);
    total += weight;
    for (int32_t i = 0; i < a->head_dim; i++) out[i] += weight * sk_half_float(value[i]);
  }
  for (int32_t i = 0; i < a->head_dim; i++) out[i] /= total;
}

void sk_attend_scalar(
  const sk_attention *a, const float *q, int64_t q_stride, int32_t heads, int32_t tokens,
  int32_t first, const uint16_t *keys, const uint16_t *values, int64_t kv_stride, float *out,
  int64_t out_stride, void *scratch) {
  (void)scratch;
  for (int32_t t = 0; t < tokens; t++)
    for (int32_t h = 0; h < heads; h++)
      attend_one(
        a, q + t * q_stride + h * a->head_dim, first + t, keys, values, kv_stride,
        out + t * out_stride + h * a->head_dim);
}
