/* A thin C face on MLX's C++ arrays, automatic differentiation and compiler.
 *
 * Errors: a C++ exception never leaves. It is kept as the thread's error (`smx_error`), the call
 * gives NULL or a status that is not 0, and every later call that is handed NULL gives NULL and
 * leaves the first error in place. So a long expression is built without a check, and looked at
 * once, where it is evaluated.
 *
 * Ownership: whatever returns an array, list or function hands it over; free it once.
 * Work runs when `smx_eval` asks for it, on the default device.
 *
 * All of it lies in libSparrowMLX, which is linked with MLX and opened by `smx_open` or by the first
 * call; a call that cannot open it ends the program.
 */
#ifndef SPARROW_MLX_H
#define SPARROW_MLX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct smx_array_s *smx_array;
typedef struct smx_list_s *smx_list;
typedef struct smx_function_s *smx_function;

typedef enum {
  SMX_BOOL, SMX_UINT16, SMX_UINT32, SMX_INT32, SMX_FLOAT16, SMX_BFLOAT16, SMX_FLOAT32
} smx_type;

/* Opens the library; NULL, or why the loader cannot. */
const char *smx_open(void);

/* The thread's first error since it was cleared, or NULL. */
const char *smx_error(void);
void smx_clear_error(void);

/* Arrays. */
smx_array smx_from_bytes(const void *data, const int32_t *shape, int dimensions, smx_type type);
smx_array smx_full(const int32_t *shape, int dimensions, float value, smx_type type);
smx_array smx_range(int32_t start, int32_t stop);
void smx_free(smx_array a);
int smx_dimensions(smx_array a);
int32_t smx_size_of(smx_array a, int dimension);
smx_type smx_type_of(smx_array a);
/* Evaluates and copies out all elements as they are, densely. */
int smx_read(smx_array a, void *bytes, size_t count);

/* Lists of arrays, which keep what is put into them. */
smx_list smx_list_new(void);
void smx_list_free(smx_list list);
void smx_list_append(smx_list list, smx_array a);
size_t smx_list_count(smx_list list);
smx_array smx_list_get(smx_list list, size_t index);

/* Element by element. */
typedef enum {
  SMX_ABS, SMX_SQUARE, SMX_SQRT, SMX_EXP, SMX_TANH, SMX_ERF, SMX_SIGMOID, SMX_STOP_GRADIENT
} smx_unary_operation;
typedef enum {
  SMX_ADD, SMX_SUBTRACT, SMX_MULTIPLY, SMX_DIVIDE, SMX_MAXIMUM, SMX_MINIMUM, SMX_POWER,
  SMX_LOGADDEXP, SMX_GREATER, SMX_GREATER_EQUAL, SMX_LESS, SMX_EQUAL, SMX_AND, SMX_OR,
  SMX_LEFT_SHIFT, SMX_MATMUL
} smx_binary_operation;
smx_array smx_unary(smx_unary_operation operation, smx_array a);
smx_array smx_binary(smx_binary_operation operation, smx_array a, smx_array b);
smx_array smx_where(smx_array condition, smx_array a, smx_array b);
smx_array smx_cast(smx_array a, smx_type type);
/* The same bits read as another type. */
smx_array smx_view(smx_array a, smx_type type);

/* Over axes; none means all. */
typedef enum { SMX_SUM, SMX_MEAN, SMX_LOGSUMEXP } smx_reduction;
smx_array smx_reduce(smx_reduction operation, smx_array a, const int *axes, int count, bool keep);
smx_array smx_softmax(smx_array a, int axis);

/* Shapes. */
smx_array smx_reshape(smx_array a, const int32_t *shape, int dimensions);
smx_array smx_transpose(smx_array a, const int *axes, int count);
smx_array smx_expand(smx_array a, int axis);
smx_array smx_slice(smx_array a, int axis, int32_t start, int32_t stop);
/* `a` with `update` along `axis` from `start` on, a scalar of int32. */
smx_array smx_slice_update(smx_array a, smx_array update, smx_array start, int axis);
smx_array smx_concatenate(smx_list arrays, int axis);
smx_array smx_repeat(smx_array a, int count, int axis);
smx_array smx_take(smx_array a, smx_array indices, int axis);

/* Fused operations; NULL where a tensor is optional. */
smx_array smx_rms_norm(smx_array x, smx_array weight, float epsilon);
smx_array smx_layer_norm(smx_array x, smx_array weight, smx_array bias, float epsilon);
/* x [batch, heads, tokens, dimension]; `periods` [dimensions / 2] are 1 / frequency; `offset` is
 * the first token's position, a scalar of int32, or NULL for 0. */
smx_array smx_rope(
    smx_array x, int dimensions, bool interleaved, smx_array periods, smx_array offset);
/* q [batch, heads, tokens, dimension], k and v with heads / group of them; causal when there is no
 * mask. */
smx_array smx_attention(smx_array q, smx_array k, smx_array v, float scale, smx_array mask);
/* logits [..., classes], targets [...] -> loss [...] */
smx_array smx_cross_entropy(smx_array logits, smx_array targets);

/* Random numbers, from a key. */
smx_array smx_random_key(uint64_t seed);
smx_array smx_random_split(smx_array key, int count);
smx_array smx_random_normal(const int32_t *shape, int dimensions, smx_type type, smx_array key);
/* Indices along `axis`, each as likely as the softmax of `logits` says; uint32. */
smx_array smx_random_categorical(smx_array logits, int axis, smx_array key);

/* Functions of lists. `body` reads `in`, appends its results to `out`, and gives 0, or else 1. */
typedef int (*smx_body)(void *context, smx_list in, smx_list out);
typedef void (*smx_release)(void *context);
/* Gives values (the first is the scalar that is differentiated) and gradients with respect to
 * in[0..<count]. */
int smx_value_and_gradient(
    smx_body body, void *context, smx_list in, size_t count, smx_list values, smx_list gradients);
/* `body` compiled: traced once for each set of shapes. Takes the context over. */
smx_function smx_compile(smx_body body, void *context, smx_release release);
/* `body` whose intermediate results are not kept for the backward pass but made again there. */
smx_function smx_checkpoint(smx_body body, void *context, smx_release release);
int smx_call(smx_function function, smx_list in, smx_list out);
void smx_function_free(smx_function function);

/* Running. */
int smx_eval(smx_list arrays);
int smx_eval_async(smx_list arrays);
int smx_use_gpu(bool gpu);
bool smx_gpu_available(void);
/* Whether MLX was built for GPUs, be there one or not. */
bool smx_gpu_built(void);
/* The GPU's name, at most `count` bytes with the 0 at the end. */
int smx_gpu_name(char *name, size_t count);
void smx_set_compiling(bool enabled);

/* Groups of processes. `backend`: "any", "mpi", "ring" or "nccl". */
int smx_group_start(bool strict, const char *backend);
int smx_group_rank(void);
int smx_group_size(void);
smx_array smx_group_sum(smx_array a);

#ifdef __cplusplus
}
#endif
#endif
