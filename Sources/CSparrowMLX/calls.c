// The face's functions in a program that is not linked with MLX: each finds its own in a library of
// ours that is, and that is opened when the first of them is called. So a machine without what MLX
// needs can still run everything else.
#if SPARROW_TRAINING
#include "sparrow_mlx.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#ifdef __APPLE__
static const char library[] = "@rpath/libSparrowMLX.dylib";
#else
static const char library[] = "libSparrowMLX.so";
#endif

static pthread_once_t once = PTHREAD_ONCE_INIT;
static void *handle;
static char reason[512];

static void open_library(void) {
  handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
  if (!handle) snprintf(reason, sizeof reason, "%s", dlerror());
}

const char *smx_open(void) {
  pthread_once(&once, open_library);
  return handle ? NULL : reason;
}

/// Its own function of this name.
static void *find(const char *name) {
  const char *why = smx_open();
  void *found = why ? NULL : dlsym(handle, name);
  if (found) return found;
  fprintf(stderr, "MLX's %s: %s\n", name, why ? why : "missing in libSparrowMLX");
  abort();
}

#define CALL(result, name, parameters, arguments)                           \
  result smx_##name parameters {                                            \
    static result(*call) parameters;                                        \
    if (!call) call = (__typeof__(call))find("smx_" #name);                 \
    return call arguments;                                                  \
  }

CALL(const char *, error, (void), ())
CALL(void, clear_error, (void), ())
CALL(
    smx_array, from_bytes, (const void *data, const int32_t *shape, int dimensions, smx_type type),
    (data, shape, dimensions, type))
CALL(
    smx_array, full, (const int32_t *shape, int dimensions, float value, smx_type type),
    (shape, dimensions, value, type))
CALL(smx_array, range, (int32_t start, int32_t stop), (start, stop))
CALL(void, free, (smx_array a), (a))
CALL(int, dimensions, (smx_array a), (a))
CALL(int32_t, size_of, (smx_array a, int dimension), (a, dimension))
CALL(smx_type, type_of, (smx_array a), (a))
CALL(int, read, (smx_array a, void *bytes, size_t count), (a, bytes, count))
CALL(smx_list, list_new, (void), ())
CALL(void, list_free, (smx_list list), (list))
CALL(void, list_append, (smx_list list, smx_array a), (list, a))
CALL(size_t, list_count, (smx_list list), (list))
CALL(smx_array, list_get, (smx_list list, size_t index), (list, index))
CALL(smx_array, unary, (smx_unary_operation operation, smx_array a), (operation, a))
CALL(
    smx_array, binary, (smx_binary_operation operation, smx_array a, smx_array b),
    (operation, a, b))
CALL(smx_array, where, (smx_array condition, smx_array a, smx_array b), (condition, a, b))
CALL(smx_array, cast, (smx_array a, smx_type type), (a, type))
CALL(smx_array, view, (smx_array a, smx_type type), (a, type))
CALL(
    smx_array, reduce,
    (smx_reduction operation, smx_array a, const int *axes, int count, bool keep),
    (operation, a, axes, count, keep))
CALL(smx_array, softmax, (smx_array a, int axis), (a, axis))
CALL(
    smx_array, reshape, (smx_array a, const int32_t *shape, int dimensions),
    (a, shape, dimensions))
CALL(smx_array, transpose, (smx_array a, const int *axes, int count), (a, axes, count))
CALL(smx_array, expand, (smx_array a, int axis), (a, axis))
CALL(smx_array, slice, (smx_array a, int axis, int32_t start, int32_t stop), (a, axis, start, stop))
CALL(
    smx_array, slice_update, (smx_array a, smx_array update, smx_array start, int axis),
    (a, update, start, axis))
CALL(smx_array, concatenate, (smx_list arrays, int axis), (arrays, axis))
CALL(smx_array, repeat, (smx_array a, int count, int axis), (a, count, axis))
CALL(smx_array, take, (smx_array a, smx_array indices, int axis), (a, indices, axis))
CALL(smx_array, rms_norm, (smx_array x, smx_array weight, float epsilon), (x, weight, epsilon))
CALL(
    smx_array, layer_norm, (smx_array x, smx_array weight, smx_array bias, float epsilon),
    (x, weight, bias, epsilon))
CALL(
    smx_array, rope,
    (smx_array x, int dimensions, bool interleaved, smx_array periods, smx_array offset),
    (x, dimensions, interleaved, periods, offset))
CALL(
    smx_array, attention, (smx_array q, smx_array k, smx_array v, float scale, smx_array mask),
    (q, k, v, scale, mask))
CALL(smx_array, cross_entropy, (smx_array logits, smx_array targets), (logits, targets))
CALL(smx_array, random_key, (uint64_t seed), (seed))
CALL(smx_array, random_split, (smx_array key, int count), (key, count))
CALL(
    smx_array, random_normal, (const int32_t *shape, int dimensions, smx_type type, smx_array key),
    (shape, dimensions, type, key))
CALL(
    smx_array, random_categorical, (smx_array logits, int axis, smx_array key),
    (logits, axis, key))
CALL(
    int, value_and_gradient,
    (smx_body body, void *context, smx_list in, size_t count, smx_list values,
     smx_list gradients),
    (body, context, in, count, values, gradients))
CALL(
    smx_function, compile, (smx_body body, void *context, smx_release release),
    (body, context, release))
CALL(
    smx_function, checkpoint, (smx_body body, void *context, smx_release release),
    (body, context, release))
CALL(int, call, (smx_function function, smx_list in, smx_list out), (function, in, out))
CALL(void, function_free, (smx_function function), (function))
CALL(int, eval, (smx_list arrays), (arrays))
CALL(int, eval_async, (smx_list arrays), (arrays))
CALL(int, use_gpu, (bool gpu), (gpu))
CALL(bool, gpu_available, (void), ())
CALL(bool, gpu_built, (void), ())
CALL(int, gpu_name, (char *name, size_t count), (name, count))
CALL(void, set_compiling, (bool enabled), (enabled))
CALL(int, group_start, (bool strict, const char *backend), (strict, backend))
CALL(int, group_rank, (void), ())
CALL(int, group_size, (void), ())
CALL(smx_array, group_sum, (smx_array a), (a))
#endif
