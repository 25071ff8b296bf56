// The scalar reference of attention: one query after another, softmax updated key by key.
#include "half.h"
#include "scalar.h"

#define SK_ELEMENT uint16_t
#define SK_LOAD sb_half_float
#define SK_ATTEND_ONE attend_one
#include "attend_one.h"

#define SK_ELEMENT float
#define SK_LOAD
#define SK_ATTEND_ONE attend_one_f32
#include "attend_one.h"

void sk_attend_scalar(
  const sk_attention *a, const float *q, int64_t q_stride, int32_t heads, int32_t tokens,
  int32_t first, const sk_cached_head *cache, float *out, int64_t out_stride, void *scratch) {
  (void)scratch;
  for (int32_t t = 0; t < tokens; t++)
    for (int32_t h = 0; h < heads; h++)
      attend_one(
        a, q + t * q_stride + h * a->head_dim, first + t, cache,
        out + t * out_stride + h * a->head_dim);
}

// Exactness, not speed, is what a float32 cache is for: one version serves every instruction set.
void sk_attend_f32(
  const sk_attention *a, const float *q, int64_t q_stride, int32_t heads, int32_t tokens,
  int32_t first, const sk_cached_head *cache, float *out, int64_t out_stride) {
  for (int32_t t = 0; t < tokens; t++)
    for (int32_t h = 0; h < heads; h++)
      attend_one_f32(
        a, q + t * q_stride + h * a->head_dim, first + t, cache,
        out + t * out_stride + h * a->head_dim);
}
