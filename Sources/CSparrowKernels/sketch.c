// Little work around sketches, the same for all instruction sets.
#include "internal.h"

typedef float floats16 __attribute__((vector_size(64)));
typedef int32_t ints16 __attribute__((vector_size(64)));
typedef uint8_t bytes16 __attribute__((vector_size(16)));

float sk_sketch_tables(
  const float *x, const float *centroids, const int32_t *bounds, int32_t groups, float *products,
  uint8_t *tables, float *offset) {
  float widest = 0, sum_of_least = 0;
  for (int32_t g = 0; g < groups; g++) {
    floats16 sum = {0}, lane;
    for (int32_t d = bounds[g]; d < bounds[g + 1]; d++) {
      memcpy(&lane, centroids + 16 * (int64_t)d, sizeof lane);
      sum += lane * x[d];
    }
    float least = INFINITY, most = -INFINITY;
    for (int32_t i = 0; i < 16; i++) {
      least = sum[i] < least ? sum[i] : least;
      most = sum[i] > most ? sum[i] : most;
    }
    if (!(least < INFINITY)) least = most = 0;
    sum -= least;
    memcpy(products + 16 * (int64_t)g, &sum, sizeof sum);
    widest = most - least > widest ? most - least : widest;
    sum_of_least += least;
  }
  const float scale = widest > 0 && widest < INFINITY ? widest / 127 : 1;
  const floats16 none = {0}, limit = none + 127;
  for (int32_t g = 0; g < groups; g++) {
    floats16 level;
    memcpy(&level, products + 16 * (int64_t)g, sizeof level);
    level = level * (1 / scale) + 0.5f;
    level = (floats16)((ints16)level & (level > none));
    const ints16 fits = level < limit;
    level = (floats16)(((ints16)level & fits) | ((ints16)limit & ~fits));
    const ints16 whole = __builtin_convertvector(level, ints16);
    const bytes16 bytes = __builtin_convertvector(whole, bytes16);
    memcpy(tables + 16 * (int64_t)g, &bytes, sizeof bytes);
  }
  *offset = sum_of_least;
  return scale;
}

void sk_sizes(const float *x, float *y, int32_t n) {
  for (int32_t i = 0; i < n; i++) y[i] = fabsf(x[i]);
}
