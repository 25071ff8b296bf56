/// SIMD kernels of Sparrow's CPU backend, chosen at run time (scalar, AVX2, AVX-512, NEON).
///
/// Rules: one call does one range of rows for one thread; no allocation, no threads, no globals but
/// the dispatch table; outputs are written, not accumulated, unless the name says `_acc`;
/// accumulation is in float32 in a fixed order; the scalar version defines the meaning.
#pragma once
#include "CSparrowBlocks.h"
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// MARK: - Packed matrices

/// Element formats of a packed matrix. `SK_Q*` are blocks of unsigned integers of that many bits,
/// `SK_IQ4`, `SK_IQ4_XS` and `SK_FP4` of indices of four bits into a table of 16 values.
typedef enum : int32_t {
  SK_F32 = 0,
  SK_F16 = 1,
  SK_BF16 = 2,
  SK_Q4 = 4,
  SK_Q5 = 5,
  SK_Q6 = 6,
  SK_Q8 = 8,
  SK_Q2 = 16,
  SK_Q3 = 17,
  SK_IQ4 = 18,
  SK_FP4 = 19,
  SK_Q4_K = 20,
  SK_Q5_K = 21,
  SK_IQ4_XS = 22,
} sk_format;

/// A matrix `[rows, columns]`, each row contiguous in memory.
///
/// Float formats: plain row-major elements. Block formats: each row holds its quants (planes of
/// pairs of bits or of nibbles, then of the bits above them; bytes for `SK_Q8`), then one float16
/// scale per block, then, if `minimums`, one float16 minimum per block; columns are padded with
/// zero scales to a multiple of 64. A weight is `scale * (q - 2^(bits-1))` without minimums, `scale
/// * q + minimum` with them, `scale * table[q]` in formats that have a table.
///
/// `SK_Q2`, `SK_Q3`, `SK_Q6`, `SK_Q4_K`, `SK_Q5_K` and `SK_IQ4_XS` have one float16 scale (and
/// minimum) per 256 columns, of which their columns are a multiple. After them stand the steps of
/// the blocks, small integers that multiply it: 4 bits for scale and minimum each in `SK_Q2`, 6 in
/// `SK_Q4_K` and `SK_Q5_K`, a signed byte for the scale in the others.
///
/// The order within a row is the kernels' own (internal.h): read it by `sk_unpack_row`. Rows need
/// no alignment, and nothing is read beyond them.
typedef struct {
  const void *data;
  int64_t row_bytes;  ///< distance between rows
  int32_t rows;
  int32_t columns;
  sk_format format;
  int32_t block;     ///< weights per scale: 32 or 16; 0 for float formats
  int32_t minimums;  ///< 1 when blocks carry a minimum
} sk_matrix;

/// Bytes of one packed row of `columns` elements.
int64_t sk_row_bytes(sk_format format, int32_t block, int32_t minimums, int32_t columns);

/// The packed format, block and minimums that hold `type` without loss beyond rounding a block's
/// scale to float16, or float64 to float32. Returns 0 for an unknown type.
int32_t sk_packed_format(sb_type type, sk_format *format, int32_t *block, int32_t *minimums);

/// Packs rows `[row0, row1)` of `source` (rows of GGUF blocks, contiguous, `columns` elements each)
/// into `target->data`, which the caller owns and may write through.
void sk_pack_rows(
  const sk_matrix *target, sb_type type, const void *source, int32_t row0, int32_t row1);

/// Expands one row to float32: `out[columns]`.
void sk_unpack_row(const sk_matrix *w, int32_t row, float *out);

/// 1 when all weights of the packed rows [row0, row1) are numbers: no float, and no scale or
/// minimum of a block, is infinite or NaN. Rounding a block's scale to float16, or a float64, may
/// make it infinite.
int32_t sk_rows_finite(const sk_matrix *w, int32_t row0, int32_t row1);

// MARK: - Inputs

/// Block formats read their input as int8 in blocks of 32 with a float scale (as llama.cpp does);
/// float formats read float32. 1 when `w` needs the quantised input.
static inline int32_t sk_wants_quantized(const sk_matrix *w) { return w->format >= SK_Q4; }

/// Bytes of one quantised input of `columns` elements: a multiple of 64, 1.1 to 5 times `columns`.
/// Any count of columns is padded with zeros.
size_t sk_quantized_bytes(int32_t columns);

/// Quantises `x[columns]` into `out` (64-byte aligned, `sk_quantized_bytes`).
void sk_quantize(const float *x, int32_t columns, void *out);

// MARK: - Matrix products. `x` is float32 or quantised input as `sk_wants_quantized` says.
//
// A row and an input give the same bits in `sk_gemv`, `sk_gemv_rows` and `sk_gemm`, whatever the
// ranges, the batch and the thread: prefill agrees with decode, and density 1.0 with dense.
// (Instruction sets differ among each other by rounding.)

/// y[r] = dot(w[r], x) for r in [row0, row1).
void sk_gemv(const sk_matrix *w, const void *x, float *y, int32_t row0, int32_t row1);

/// y[i] = dot(w[rows[i]], x) for i in [begin, end): gathers scattered rows, prefetching ahead.
void sk_gemv_rows(
  const sk_matrix *w, const void *x, const int32_t *rows, int32_t begin, int32_t end, float *y);

/// y[t * y_stride + r] = dot(w[r], x_t) for t in [0, tokens), r in [row0, row1); input t starts at
/// `x + t * x_stride` bytes.
void sk_gemm(
  const sk_matrix *w, const void *x, size_t x_stride, int32_t tokens, float *y, int64_t y_stride,
  int32_t row0, int32_t row1);

// MARK: - Matrices by columns

/// A matrix `[rows, columns]` kept by columns, so that a product reads only the columns of inputs
/// that count: the second matrix of a sparse feed-forward network, the output matrix of sparse
/// attention.
///
/// Weights are those of the packed matrix, exactly: a column holds its quants, one after the other
/// (`SK_Q4`: 64 rows in 32 bytes, the first 32 in the low halves, for formats of up to 4 bits;
/// `SK_Q8`: signed bytes, for those of more bits or of a table), and a block of columns shares, for
/// each row, the scale and the step that the packed row has there. Rows are padded to a multiple of
/// 64 with zeros.
///
/// Columns of a block format may lie in groups of 8, 16 or 32 neighbours, each in one piece: 64 rows
/// of all of them, then the next 64, with the four columns of a dot product side by side
/// (internal.h). Bytes are then quants before their offset is taken.
typedef struct {
  const void *data;          ///< column c at `data + c * column_bytes`
  int64_t column_bytes;      ///< distance between columns, a multiple of 32
  const uint16_t *scales;    ///< float16 `[blocks of columns][padded rows]`; NULL for float formats
  const uint16_t *minimums;  ///< likewise; NULL without
  const int8_t *steps;          ///< `[blocks of columns][padded rows]`, where scales and minimums
                                ///< are per 256 columns; NULL for other formats
  const int8_t *minimum_steps;  ///< likewise; NULL without minimums
  int32_t rows;
  int32_t columns;
  sk_format format;  ///< `SK_F32`, `SK_F16`, `SK_BF16`, `SK_Q4` or `SK_Q8`
  int32_t block;     ///< columns of a block; 0 for float formats
  int32_t group;     ///< neighbours of a group; 1 for columns that lie one after the other
  int32_t bits;      ///< of a quant as it lies in a group
} sk_columns;

/// What keeping `w` by columns takes: format, sizes and block are written to `layout`, and the
/// bytes of the column data, of one plane of scales (0 for float formats) and of one of steps (0
/// without).
///
/// Columns lie in groups where `group` neighbours of a block format are always read together, 8 or
/// more; a group is then a part of a block.
void sk_columns_layout(
  const sk_matrix *w, int32_t group, sk_columns *layout, size_t *data_bytes, size_t *plane_bytes,
  size_t *step_bytes);

/// Copies the rows `[row0, row1)` of `w` into `target`, `row0` a multiple of 64.
void sk_pack_columns(const sk_matrix *w, const sk_columns *target, int32_t row0, int32_t row1);

/// y[r] += sum over i in [begin, end) of a[i] * w[r][columns[i]], for all rows; `columns` ascends.
///
/// `y` has room for the padded rows, whose surplus gets what does not matter. Inputs stay float32.
/// For columns that lie one after the other; `sk_groups_acc` is for groups.
void sk_columns_acc(
  const sk_columns *w, const int32_t *columns, const float *a, int32_t begin, int32_t end,
  float *y);

/// The same of whole groups: `columns` and `a` have all neighbours of each, in order. Inputs are
/// rounded to 8 bits with a scale for each group, as those of dense products are for each block, and
/// integers are multiplied.
void sk_groups_acc(
  const sk_columns *w, const int32_t *columns, const float *a, int32_t begin, int32_t end,
  float *y);

/// As `sk_columns_acc` where nothing asked for the columns before: asks for the next ones while it adds some.
void sk_columns_acc_ahead(
  const sk_columns *w, const int32_t *columns, const float *a, int32_t begin, int32_t end,
  float *y);

/// Columns that `sk_columns_acc_ahead` sums up together, as `sk_network_piece` says of neurons.
int32_t sk_columns_piece(const sk_columns *w);

/// Writes, ascending, `base + i` and x[i] for each i in [0, n) with |x[i]| > threshold, or that is not a
/// number; returns how many. `indices` and `values` have room for n.
int32_t sk_select_large(
  const float *x, int32_t n, float threshold, int32_t base, int32_t *indices, float *values);

/// Asks for the memory of columns [begin, end) of a list, and does not wait.
void sk_columns_prefetch(
  const sk_columns *w, const int32_t *columns, int32_t begin, int32_t end);

// MARK: - Element-wise

/// y = x / sqrt(mean(x^2) + epsilon) * weight; `weight` may be NULL (all ones). In place allowed.
void sk_rms_norm(const float *x, const float *weight, float epsilon, int32_t n, float *y);

/// y = (x - mean) / sqrt(variance + epsilon) * weight + bias; `bias` may be NULL. In place allowed.
void sk_layer_norm(
  const float *x, const float *weight, const float *bias, float epsilon, int32_t n, float *y);

/// Rotates `heads` vectors of `head_dim` in place by `cosine[rotary/2]`, `sine[rotary/2]`: pairs
/// (i, i + rotary/2), or (2i, 2i+1) when `interleaved`. Elements past `rotary` stay.
void sk_rotate(
  float *x, int32_t heads, int32_t head_dim, int32_t rotary, const float *cosine, const float *sine,
  int32_t interleaved);

typedef enum : int32_t {
  SK_RELU = 0,
  SK_RELU_SQUARED = 1,
  SK_SILU = 2,
  SK_GELU_ERF = 3,
  SK_GELU_TANH = 4,
  /// The logistic function, of gates.
  SK_SIGMOID = 5,
} sk_activation;

/// y[i] = activation(x[i]) * (up ? up[i] : 1). In place allowed.
void sk_activate(sk_activation kind, const float *x, const float *up, float *y, int32_t n);

/// y[i] = |x[i]|. In place allowed.
void sk_sizes(const float *x, float *y, int32_t n);

/// y[i] += x[i].
void sk_add_acc(const float *x, float *y, int32_t n);

/// y[i] = x[i] * scale.
void sk_scale(const float *x, float scale, float *y, int32_t n);

/// y[i] = cap * tanh(x[i] / cap). In place allowed.
void sk_softcap(const float *x, float cap, float *y, int32_t n);

/// float32 to float16 (round to nearest even) and back.
void sk_to_f16(const float *x, uint16_t *y, int32_t n);
void sk_from_f16(const uint16_t *x, float *y, int32_t n);

// MARK: - Attention

/// What one attention layer's scores need.
typedef struct {
  int32_t head_dim;
  int32_t window;  ///< a query at p sees positions > p - window; 0 for no window
  float scale;     ///< of the dot products
  float softcap;   ///< of the scores; 0 for none
} sk_attention;

/// Positions of a page of the cache, and keys that attention takes at once: a block of them starts
/// at a multiple of it, so that a query's result does not depend on the batch it came in.
#define SK_ATTEND_KEYS 64

/// One key/value head of a layer in a sequence's cache: position p is row p % 64 of page p / 64.
typedef struct {
  void *const *pages;
  int64_t keys;    ///< bytes from a page's start to the head's keys, `[64][head_dim]`
  int64_t values;  ///< and to its values
} sk_cached_head;

/// Bytes of scratch for one `sk_attend` call of `heads` x `tokens` queries.
size_t sk_attend_scratch(const sk_attention *a, int32_t heads, int32_t tokens);

/// Flash-style attention of `heads` adjacent query heads that share one key/value head.
///
/// Query (t, h) is `q + t * q_stride + h * head_dim` and stands at position `first + t`; it sees
/// keys [max(0, first + t - window + 1), first + t], which are float16 as the values. Result (t, h)
/// goes to `out + t * out_stride + h * head_dim`.
void sk_attend(
  const sk_attention *a, const float *q, int64_t q_stride, int32_t heads, int32_t tokens,
  int32_t first, const sk_cached_head *cache, float *out, int64_t out_stride, void *scratch);

/// As `sk_attend` over float32 keys and values; unhurried, for exactness.
void sk_attend_f32(
  const sk_attention *a, const float *q, int64_t q_stride, int32_t heads, int32_t tokens,
  int32_t first, const sk_cached_head *cache, float *out, int64_t out_stride);

// MARK: - Feed-forward networks

/// A feed-forward network: down(activation(gate x) * (up x)), or down(activation(up x)).
typedef struct {
  const sk_matrix *gate;   ///< NULL without
  const sk_matrix *up;
  const sk_columns *down;
  const float *gate_bias;  ///< NULL without
  const float *up_bias;    ///< NULL without
  sk_activation activation;
  float least;  ///< activations of this size and below read no column
} sk_network;

/// y += the part of the network that the neurons [begin, end) of a list make, ascending; returns how
/// many of them read their column.
///
/// Inputs as the matrices want them. `y` has room for the padded rows of `sk_columns`. Weights are
/// asked for ahead, a neuron's three pieces at a time; where gates may be zero, theirs alone first.
int32_t sk_network_acc(
  const sk_network *n, const void *gate_x, const void *up_x, const int32_t *neurons, int32_t begin,
  int32_t end, float *y);

/// Neurons of a list that `sk_network_acc` sums up together, counted from `begin`: several calls
/// that cut a list at multiples of it give the bits of one.
int32_t sk_network_piece(const sk_network *n);

// MARK: - Vocabulary

/// Index of the greatest element (the lowest index among equals) of x[n], n > 0.
int32_t sk_argmax(const float *x, int32_t n);

/// log(sum(exp(x))) of x[n].
float sk_log_sum_exp(const float *x, int32_t n);

/// Writes, ascending, `base + i` for each i in [0, n) with x[i] >= threshold, at most `capacity`;
/// returns how many there were (which may exceed `capacity`).
int32_t sk_select_above(
  const float *x, int32_t n, float threshold, int32_t base, int32_t *indices, int32_t capacity);

/// Tables of a product-quantised sketch for the directions x: each group's 16 products of centroids
/// with the group's directions, less the least of them, in steps of one scale.
///
/// Group g has the directions [bounds[g], bounds[g + 1]); `centroids + 16 * d` has direction d's
/// coordinate of its group's 16 centroids. `products` is scratch `[groups][16]`; `tables` as
/// `sk_sketch_scores` reads them. Returns the scale; `offset` gets the sum of the groups' least
/// products. What is not a number counts as least.
float sk_sketch_tables(
  const float *x, const float *centroids, const int32_t *bounds, int32_t groups, float *products,
  uint8_t *tables, float *offset);

/// Scores of a product-quantised sketch for the blocks of 64 rows in [block0, block1).
///
/// score[r] = scale * (sum over groups of the group's table at r's code) + offset + bias[r]. Codes
/// lie as `[block][pair][64]`, byte j holding row j's code of group 2p in its low and of group 2p +
/// 1 in its high half; `tables` as `[pair][2][16]` with entries up to 127; `bias` is float16; pairs
/// up to 256. The best score of each block goes to `block_best[block]`.
void sk_sketch_scores(
  const uint8_t *codes, const uint8_t *tables, const uint16_t *bias, int32_t pairs, float scale,
  float offset, int32_t block0, int32_t block1, float *scores, float *block_best);

// MARK: - Machine

/// The instruction set in use: "scalar", "avx2", "avx512" or "neon". `SPARROW_ISA` overrides it, unless
/// it names none that this processor runs.
const char *sk_isa(void);

/// Chooses the instruction set by name; returns 0 if this processor lacks it or the name is
/// unknown.
int32_t sk_use_isa(const char *name);

/// As `sk_use_isa`, for the calling thread alone: a test compares instruction sets without
/// disturbing others. NULL ends it. Returns 0, and changes nothing, where `sk_use_isa` would.
int32_t sk_use_isa_here(const char *name);

/// Sums `bytes` of memory as fast as plain reads go: the bandwidth probe.
uint64_t sk_read_sum(const void *memory, size_t bytes);

#ifdef __cplusplus
}
#endif
