/// Norms, rotations, activations and selection over the vectors of the instruction set included
/// before.
#pragma once
#include "functions.h"

// MARK: - Norms

/// Sum of (x - mean)^2.
SK_INLINE float square_sum(const float *x, float mean, int32_t n) {
  vf m = v_set1(mean), a = v_zero(), b = v_zero(), c = v_zero(), d = v_zero();
  int32_t i = 0;
  for (; i + 4 * VW <= n; i += 4 * VW) {
    vf p = v_sub(v_load(x + i), m), q = v_sub(v_load(x + i + VW), m);
    vf r = v_sub(v_load(x + i + 2 * VW), m), s = v_sub(v_load(x + i + 3 * VW), m);
    a = v_fma(p, p, a);
    b = v_fma(q, q, b);
    c = v_fma(r, r, c);
    d = v_fma(s, s, d);
  }
  for (; i + VW <= n; i += VW) {
    vf p = v_sub(v_load(x + i), m);
    a = v_fma(p, p, a);
  }
  float sum = v_hsum(v_add(v_add(a, b), v_add(c, d)));
  for (; i < n; i++) sum += (x[i] - mean) * (x[i] - mean);
  return sum;
}

static void SK_NAME(rms_norm)(
  const float *x, const float *weight, float epsilon, int32_t n, float *y) {
  float inverse = 1 / sqrtf(square_sum(x, 0, n) / (float)n + epsilon);
  vf k = v_set1(inverse);
  int32_t i = 0;
  if (weight)
    for (; i + VW <= n; i += VW)
      v_store(y + i, v_mul(v_mul(v_load(x + i), k), v_load(weight + i)));
  else
    for (; i + VW <= n; i += VW) v_store(y + i, v_mul(v_load(x + i), k));
  for (; i < n; i++) y[i] = x[i] * inverse * (weight ? weight[i] : 1);
}

static void SK_NAME(layer_norm)(
  const float *x, const float *weight, const float *bias, float epsilon, int32_t n, float *y) {
  vf sums = v_zero();
  int32_t i = 0;
  for (; i + VW <= n; i += VW) sums = v_add(sums, v_load(x + i));
  float sum = v_hsum(sums);
  for (; i < n; i++) sum += x[i];
  float mean = sum / (float)n;
  float inverse = 1 / sqrtf(square_sum(x, mean, n) / (float)n + epsilon);
  vf k = v_set1(inverse), m = v_set1(mean);
  for (i = 0; i + VW <= n; i += VW) {
    vf v = v_mul(v_sub(v_load(x + i), m), k);
    if (weight) v = v_mul(v, v_load(weight + i));
    if (bias) v = v_add(v, v_load(bias + i));
    v_store(y + i, v);
  }
  for (; i < n; i++)
    y[i] = (x[i] - mean) * inverse * (weight ? weight[i] : 1) + (bias ? bias[i] : 0);
}

// MARK: - Rotation

static void SK_NAME(rotate)(
  float *x, int32_t heads, int32_t head_dim, int32_t rotary, const float *cosine,
  const float *sine, int32_t interleaved) {
  const int32_t half = rotary / 2;
  for (int32_t h = 0; h < heads; h++, x += head_dim) {
    int32_t i = 0;
    for (; i + VW <= half; i += VW) {
      vf c = v_load(cosine + i), s = v_load(sine + i), a, b;
      if (interleaved) v_load_pairs(x + 2 * i, &a, &b);
      else a = v_load(x + i), b = v_load(x + half + i);
      vf p = v_fnma(b, s, v_mul(a, c)), q = v_fma(a, s, v_mul(b, c));
      if (interleaved) v_store_pairs(x + 2 * i, p, q);
      else v_store(x + i, p), v_store(x + half + i, q);
    }
    for (; i < half; i++) {
      float *first = interleaved ? x + 2 * i : x + i;
      float *second = interleaved ? first + 1 : first + half;
      float a = *first, b = *second;
      *first = a * cosine[i] - b * sine[i];
      *second = b * cosine[i] + a * sine[i];
    }
  }
}

// MARK: - Element-wise

SK_INLINE void activate_all(
  const sk_activation kind, const float *x, const float *up, float *y, int32_t n) {
  int32_t i = 0;
  for (; i + VW <= n; i += VW) {
    vf v = v_activation(kind, v_load(x + i));
    v_store(y + i, up ? v_mul(v, v_load(up + i)) : v);
  }
  if (i == n) return;
  vf v = v_activation(kind, v_load_part(x + i, n - i));
  v_store_part(y + i, up ? v_mul(v, v_load_part(up + i, n - i)) : v, n - i);
}

static void SK_NAME(activate)(
  sk_activation kind, const float *x, const float *up, float *y, int32_t n) {
  switch (kind) {
  case SK_RELU: activate_all(SK_RELU, x, up, y, n); return;
  case SK_RELU_SQUARED: activate_all(SK_RELU_SQUARED, x, up, y, n); return;
  case SK_SILU: activate_all(SK_SILU, x, up, y, n); return;
  case SK_GELU_ERF: activate_all(SK_GELU_ERF, x, up, y, n); return;
  case SK_GELU_TANH: activate_all(SK_GELU_TANH, x, up, y, n); return;
  case SK_SIGMOID: activate_all(SK_SIGMOID, x, up, y, n); return;
  }
}

static void SK_NAME(add_acc)(const float *x, float *y, int32_t n) {
  int32_t i = 0;
  for (; i + VW <= n; i += VW) v_store(y + i, v_add(v_load(y + i), v_load(x + i)));
  for (; i < n; i++) y[i] += x[i];
}

static void SK_NAME(scale)(const float *x, float scale, float *y, int32_t n) {
  vf k = v_set1(scale);
  int32_t i = 0;
  for (; i + VW <= n; i += VW) v_store(y + i, v_mul(v_load(x + i), k));
  for (; i < n; i++) y[i] = x[i] * scale;
}

static void SK_NAME(softcap)(const float *x, float cap, float *y, int32_t n) {
  vf k = v_set1(cap), inverse = v_set1(1 / cap);
  int32_t i = 0;
  for (; i + VW <= n; i += VW) v_store(y + i, v_mul(v_tanh(v_mul(v_load(x + i), inverse)), k));
  if (i < n)
    v_store_part(y + i, v_mul(v_tanh(v_mul(v_load_part(x + i, n - i), inverse)), k), n - i);
}

static void SK_NAME(to_f16)(const float *x, uint16_t *y, int32_t n) {
  int32_t i = 0;
  for (; i + VW <= n; i += VW) v_store_f16(y + i, v_load(x + i));
  if (i < n) v_store_f16_part(y + i, v_load_part(x + i, n - i), n - i);
}

static void SK_NAME(from_f16)(const uint16_t *x, float *y, int32_t n) {
  int32_t i = 0;
  for (; i + VW <= n; i += VW) v_store(y + i, v_load_f16(x + i));
  if (i < n) v_store_part(y + i, v_load_f16_part(x + i, n - i), n - i);
}

// MARK: - Selection

/// The greatest element; -infinity if there is none (all NaN).
SK_INLINE float greatest(const float *x, int32_t n) {
  vf a = v_set1(-INFINITY), b = a, c = a, d = a;
  int32_t i = 0;
  for (; i + 4 * VW <= n; i += 4 * VW) {
    a = v_max(v_load(x + i), a);
    b = v_max(v_load(x + i + VW), b);
    c = v_max(v_load(x + i + 2 * VW), c);
    d = v_max(v_load(x + i + 3 * VW), d);
  }
  for (; i + VW <= n; i += VW) a = v_max(v_load(x + i), a);
  float most = v_hmax(v_max(v_max(a, b), v_max(c, d)));
  for (; i < n; i++) most = x[i] > most ? x[i] : most;
  return most;
}

static int32_t SK_NAME(argmax)(const float *x, int32_t n) {
  float most = greatest(x, n);
  if (most == -INFINITY) return 0;
  vf m = v_set1(most);
  int32_t i = 0;
  for (; i + VW <= n; i += VW) {
    uint32_t bits = v_bits_equal(v_load(x + i), m);
    if (bits) return i + __builtin_ctz(bits);
  }
  while (i < n - 1 && x[i] != most) i++;
  return i;
}

static float SK_NAME(log_sum_exp)(const float *x, int32_t n) {
  float most = greatest(x, n);
  if (isinf(most)) return most;
  vf m = v_set1(most);
  double total = 0;
  // Sums in double between runs of float, so that long vectors lose nothing.
  for (int32_t start = 0; start < n; start += 1024) {
    int32_t end = n - start < 1024 ? n : start + 1024, i = start;
    vf sum = v_zero();
    for (; i + VW <= end; i += VW) sum = v_add(sum, v_exp(v_sub(v_load(x + i), m)));
    float run = v_hsum(sum);
    for (; i < end; i++) run += expf(x[i] - most);
    total += run;
  }
  return most + (float)log(total);
}

static int32_t SK_NAME(select_above)(
  const float *x, int32_t n, float threshold, int32_t base, int32_t *indices, int32_t capacity) {
  vf least = v_set1(threshold);
  int32_t count = 0, i = 0;
  for (; i + VW <= n; i += VW) {
    uint32_t bits = v_bits_at_least(v_load(x + i), least);
    for (; bits; bits &= bits - 1, count++)
      if (count < capacity) indices[count] = base + i + __builtin_ctz(bits);
  }
  for (; i < n; i++) {
    if (!(x[i] >= threshold)) continue;
    if (count < capacity) indices[count] = base + i;
    count++;
  }
  return count;
}
