// Choosing an instruction set, and the public functions that only pass on to it.
#include "internal.h"

#include <stdatomic.h>
#include <stdlib.h>
#if defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#endif

static _Atomic(const sk_table *) current;
static _Thread_local const sk_table *here;

/// The tables that this processor can run, best first.
static int32_t available(const sk_table *tables[4]) {
  int32_t count = 0;
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (
    __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
    __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
    __builtin_cpu_supports("avx512vnni"))
    tables[count++] = &sk_table_avx512;
  if (
    __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
    __builtin_cpu_supports("f16c"))
    tables[count++] = &sk_table_avx2;
#elif defined(__aarch64__) && defined(__linux__)
  // Dot products came with Armv8.2: bit 20 of the kernel's capabilities.
  if (getauxval(AT_HWCAP) & 1 << 20) tables[count++] = &sk_table_neon;
#elif defined(__aarch64__)
  tables[count++] = &sk_table_neon;
#endif
  tables[count++] = &sk_table_scalar;
  return count;
}

/// The table of that name, NULL if this processor cannot run it.
static const sk_table *table_named(const char *name) {
  const sk_table *tables[4];
  int32_t count = available(tables);
  for (int32_t i = 0; i < count; i++)
    if (!strcmp(tables[i]->name, name)) return tables[i];
  return NULL;
}

int32_t sk_use_isa(const char *name) {
  const sk_table *table = table_named(name);
  if (table) atomic_store_explicit(&current, table, memory_order_relaxed);
  return table != NULL;
}

int32_t sk_use_isa_here(const char *name) {
  const sk_table *table = name ? table_named(name) : NULL;
  if (table || !name) here = table;
  return table || !name;
}

/// Runs before `main`, so that no kernel call needs to ask whether the table is set.
__attribute__((constructor)) static void choose(void) {
  const sk_table *tables[4];
  available(tables);
  atomic_store_explicit(&current, tables[0], memory_order_relaxed);
  const char *name = getenv("SPARROW_ISA");
  if (name) sk_use_isa(name);
}

const sk_table *sk_current(void) {
  return here ? here : atomic_load_explicit(&current, memory_order_relaxed);
}

const char *sk_isa(void) { return sk_current()->name; }

void sk_quantize(const float *x, int32_t columns, void *out) {
  sk_current()->quantize(x, columns, out);
}

void sk_rms_norm(const float *x, const float *weight, float epsilon, int32_t n, float *y) {
  sk_current()->rms_norm(x, weight, epsilon, n, y);
}

void sk_layer_norm(
  const float *x, const float *weight, const float *bias, float epsilon, int32_t n, float *y) {
  sk_current()->layer_norm(x, weight, bias, epsilon, n, y);
}

void sk_rotate(
  float *x, int32_t heads, int32_t head_dim, int32_t rotary, const float *cosine,
  const float *sine, int32_t interleaved) {
  sk_current()->rotate(x, heads, head_dim, rotary, cosine, sine, interleaved);
}

void sk_activate(sk_activation kind, const float *x, const float *up, float *y, int32_t n) {
  sk_current()->activate(kind, x, up, y, n);
}

void sk_add_acc(const float *x, float *y, int32_t n) { sk_current()->add_acc(x, y, n); }

void sk_scale(const float *x, float scale, float *y, int32_t n) {
  sk_current()->scale(x, scale, y, n);
}

void sk_softcap(const float *x, float cap, float *y, int32_t n) {
  sk_current()->softcap(x, cap, y, n);
}

void sk_to_f16(const float *x, uint16_t *y, int32_t n) { sk_current()->to_f16(x, y, n); }

void sk_from_f16(const uint16_t *x, float *y, int32_t n) { sk_current()->from_f16(x, y, n); }

size_t sk_attend_scratch(const sk_attention *a, int32_t heads, int32_t tokens) {
  size_t width = ((size_t)a->head_dim + 15) & ~(size_t)15;
  size_t block = 2 * SK_ATTEND_KEYS * width + SK_ATTEND_QUERIES * SK_ATTEND_KEYS;
  size_t queries = 2 * (((size_t)heads * (size_t)tokens + 15) & ~(size_t)15);
  return (block + queries) * sizeof(float) + 64;
}

void sk_attend(
  const sk_attention *a, const float *q, int64_t q_stride, int32_t heads, int32_t tokens,
  int32_t first, const sk_cached_head *cache, float *out, int64_t out_stride, void *scratch) {
  sk_current()->attend(
    a, q, q_stride, heads, tokens, first, cache, out, out_stride, scratch);
}

int32_t sk_argmax(const float *x, int32_t n) { return sk_current()->argmax(x, n); }

float sk_log_sum_exp(const float *x, int32_t n) { return sk_current()->log_sum_exp(x, n); }

int32_t sk_select_above(
  const float *x, int32_t n, float threshold, int32_t base, int32_t *indices, int32_t capacity) {
  return sk_current()->select_above(x, n, threshold, base, indices, capacity);
}

uint64_t sk_read_sum(const void *memory, size_t bytes) {
  return sk_current()->read_sum(memory, bytes);
}

void sk_sketch_scores(
  const uint8_t *codes, const uint8_t *tables, const uint16_t *bias, int32_t pairs, float scale,
  float offset, int32_t block0, int32_t block1, float *scores, float *block_best) {
  sk_current()->sketch_scores(
    codes, tables, bias, pairs, scale, offset, block0, block1, scores, block_best);
}
