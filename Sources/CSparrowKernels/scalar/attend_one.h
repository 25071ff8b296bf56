// One query over a cache of SK_ELEMENT, read by SK_LOAD: included once for each element type.
static void SK_ATTEND_ONE(
  const sk_attention *a, const float *q, int32_t position, const SK_ELEMENT *keys,
  const SK_ELEMENT *values, int64_t kv_stride, float *out) {
  int32_t begin = a->window > 0 && position >= a->window ? position - a->window + 1 : 0;
  float most = -INFINITY, total = 0;
  memset(out, 0, (size_t)a->head_dim * sizeof(float));
  for (int64_t p = begin; p <= position; p++) {
    const SK_ELEMENT *key = keys + p * kv_stride, *value = values + p * kv_stride;
    float score = 0;
    for (int32_t i = 0; i < a->head_dim; i++) score += q[i] * SK_LOAD(key[i]);
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
    for (int32_t i = 0; i < a->head_dim; i++) out[i] += weight * SK_LOAD(value[i]);
  }
  for (int32_t i = 0; i < a->head_dim; i++) out[i] /= total;
}

#undef SK_ELEMENT
#undef SK_LOAD
#undef SK_ATTEND_ONE
