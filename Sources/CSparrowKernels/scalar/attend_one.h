// One query over a cache of SK_ELEMENT, read by SK_LOAD: included once for each element type.
static void SK_ATTEND_ONE(
  const sk_attention *a, const float *q, int32_t position, const sk_cached_head *cache,
  float *out) {
  int32_t begin = a->window > 0 && position >= a->window ? position - a->window + 1 : 0;
  float most = -INFINITY, total = 0;
  memset(out, 0, (size_t)a->head_dim * sizeof(float));
  for (int64_t p = begin; p <= position; p++) {
    const char *page = cache->pages[p / SK_ATTEND_KEYS];
    const int64_t row = p % SK_ATTEND_KEYS * a->head_dim;
    const SK_ELEMENT *key = (const SK_ELEMENT *)(page + cache->keys) + row;
    const SK_ELEMENT *value = (const SK_ELEMENT *)(page + cache->values) + row;
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
