// Kernel speed beside the speed of plain reads, slice by slice in turn, so that both see the same
// machine.
//
//   K=Sources/CSparrowKernels
//   B=Sources/CSparrowBlocks
//   clang -std=gnu2x -O2 -I$K/include -I$B/include Benchmarks/kernels.c $K/*.c $K/*/*.c $B/*.c \
//     -lm -o /tmp/kernels
//   /tmp/kernels [ROWS COLUMNS [ISA]]
//
// Weights lie in 256 MB, beyond any cache. Printed is the upper quartile of the slices' speeds:
// other programs slow a slice down, nothing speeds it up. Packing counts the bytes of the file.
#define _GNU_SOURCE
#include "CSparrowKernels.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

enum { total = 256 << 20, slice = 4 << 20, most_tokens = 512, passes = 4 };

static double seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static void *memory(size_t bytes) {
  void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (p == MAP_FAILED) abort();
#ifdef MADV_HUGEPAGE
  madvise(p, bytes, MADV_HUGEPAGE);
#endif
  return p;
}

typedef struct {
  sk_matrix matrix;  ///< of the first matrix; the others follow it
  int32_t count;
  const uint8_t *x;
  size_t x_stride;
  int32_t tokens;
  const int32_t *chosen;
  int32_t chosen_count;
  float *y;
} work;

static void multiply(const work *w, int32_t index) {
  sk_matrix m = w->matrix;
  m.data = (const uint8_t *)m.data + index * (m.row_bytes * m.rows);
  if (w->chosen) sk_gemv_rows(&m, w->x, w->chosen, 0, w->chosen_count, w->y);
  else if (w->tokens == 1) sk_gemv(&m, w->x, w->y, 0, m.rows);
  else sk_gemm(&m, w->x, w->x_stride, w->tokens, w->y, m.rows, 0, m.rows);
}

/// Seconds a matrix takes, in `own`; bytes a second of plain reads, in `reads`.
static void measure(const work *w, double *own, double *reads) {
  const int64_t bytes = w->matrix.row_bytes * w->matrix.rows;
  const int32_t each = bytes < slice ? (int32_t)(slice / bytes) : 1, slices = w->count / each;
  const size_t times = sizeof(double) * passes * (size_t)slices;
  double *a = malloc(times), *b = malloc(times);
  volatile uint64_t sink = 0;
  int32_t n = 0;
  for (int32_t pass = 0; pass < passes; pass++) {
    for (int32_t s = 0; s < slices; s++, n++) {
      double start = seconds();
      for (int32_t i = 0; i < each; i++) multiply(w, s * each + i);
      a[n] = seconds() - start;
      const uint8_t *far = w->matrix.data;
      far += (s + slices / 2) % slices * each * bytes;
      start = seconds();
      sink += sk_read_sum(far, (size_t)(each * bytes));
      b[n] = seconds() - start;
    }
  }
  qsort(a, (size_t)n, sizeof(double), ascending);
  qsort(b, (size_t)n, sizeof(double), ascending);
  *own = a[n / 4] / each;
  *reads = (double)(each * bytes) / b[n / 4];
  free(a);
  free(b);
}

/// Bytes of a file that one thread packs in a second: the best of many times.
static double packing(const sk_matrix *m, sb_type type, const void *source) {
  const sb_block block = sb_block_of(type);
  const double bytes = (double)(m->columns / block.weights) * block.bytes * m->rows;
  const size_t packed = (size_t)(m->row_bytes * m->rows);
  sk_matrix target = *m;
  target.data = memory(packed);
  double best = INFINITY;
  for (int32_t i = 0; i < 16; i++) {
    const double start = seconds();
    sk_pack_rows(&target, type, source, 0, m->rows);
    const double time = seconds() - start;
    if (time < best) best = time;
  }
  munmap((void *)(uintptr_t)target.data, packed);
  return bytes / best;
}

static void report(
  const char *name, sb_type type, const void *data, int32_t rows, int32_t columns) {
  work w = {.tokens = 1};
  sk_matrix *m = &w.matrix;
  *m = (sk_matrix){.data = data, .rows = rows, .columns = columns};
  sk_packed_format(type, &m->format, &m->block, &m->minimums);
  m->row_bytes = sk_row_bytes(m->format, m->block, m->minimums, columns);
  const double bytes = (double)m->row_bytes * rows;
  w.count = (int32_t)(total / bytes);
  w.x_stride = sk_wants_quantized(m) ? sk_quantized_bytes(columns) : (size_t)columns * 4;
  uint8_t *x = memory(w.x_stride * most_tokens);
  float *values = malloc((size_t)columns * 4);
  for (int32_t t = 0; t < most_tokens; t++) {
    for (int32_t i = 0; i < columns; i++) values[i] = sinf((float)(t * columns + i));
    if (sk_wants_quantized(m)) sk_quantize(values, columns, x + (size_t)t * w.x_stride);
    else memcpy(x + (size_t)t * w.x_stride, values, (size_t)columns * 4);
  }
  free(values);
  w.x = x;
  w.y = memory((size_t)rows * most_tokens * 4);
  double own, reads;
  measure(&w, &own, &reads);
  const double speed = bytes / own;
  printf("%-5s packs %4.1f GB/s", name, packing(m, type, data) / 1e9);
  printf("  decode %5.1f GB/s (%3.0f%% of reads)", speed / 1e9, 100 * speed / reads);
  int32_t *chosen = malloc((size_t)rows * 4);
  srand(1);
  for (int32_t r = 0; r < rows; r++)
    if (rand() % 4 == 0) chosen[w.chosen_count++] = r;
  w.chosen = chosen;
  measure(&w, &own, &reads);
  printf("  a quarter of the rows %5.1f GB/s", bytes * w.chosen_count / rows / own / 1e9);
  w.chosen = NULL;
  const double operations = 2.0 * rows * columns;
  for (w.tokens = 4; w.tokens <= 16; w.tokens *= 4) {
    measure(&w, &own, &reads);
    printf("  %2d tokens %4.0f G/s", w.tokens, operations * w.tokens / own / 1e9);
  }
  w.tokens = most_tokens;
  double best = INFINITY;
  for (int32_t i = 0; i < 8; i++) {
    double start = seconds();
    multiply(&w, i % w.count);
    double time = seconds() - start;
    if (time < best) best = time;
  }
  printf("  %d tokens %4.0f G/s\n", most_tokens, operations * most_tokens / best / 1e9);
  fflush(stdout);
  free(chosen);
  munmap(x, w.x_stride * most_tokens);
  munmap(w.y, (size_t)rows * most_tokens * 4);
}

int main(int count, char **arguments) {
  int32_t rows = count > 2 ? atoi(arguments[1]) : 1536;
  int32_t columns = count > 2 ? atoi(arguments[2]) : 576;
  if (count == 2 || rows < 1 || columns < 32 || columns % 32) {
    fprintf(stderr, "usage: kernels [ROWS COLUMNS [ISA]], columns a multiple of 32\n");
    return 2;
  }
  if (count > 3 && !sk_use_isa(arguments[3])) {
    fprintf(stderr, "this processor does not run %s\n", arguments[3]);
    return 1;
  }
  uint32_t *data = memory(total);
  // Ordinary numbers in every format: exponents of a middling size.
  for (uint32_t i = 0; i < total / 4; i++) data[i] = (i * 2654435761u & 0x83ff83ff) | 0x20002000;
  printf("%s, %d x %d\n", sk_isa(), rows, columns);
  static const struct { const char *name; sb_type type; } formats[] = {
    {"F32", SB_F32}, {"F16", SB_F16}, {"BF16", SB_BF16}, {"Q4_0", SB_Q4_0},
    {"Q4_1", SB_Q4_1}, {"Q3_K", SB_Q3_K}, {"Q4_K", SB_Q4_K}, {"Q5_0", SB_Q5_0},
    {"Q5_1", SB_Q5_1}, {"Q5_K", SB_Q5_K}, {"Q6_K", SB_Q6_K}, {"Q8_0", SB_Q8_0},
  };
  for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
    report(formats[i].name, formats[i].type, data, rows, columns);
  return 0;
}
