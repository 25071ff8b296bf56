// What the kernels of sparse operations take, for any number of rows.
//
// Each row of a step has its own scores, its own selection and its own sums. Weights are read once
// for all rows: for the union of what they chose. Sums are cut by the number of a column, whatever
// its place in a list, so that what a row gives does not depend on who shares the step. Counts lie
// on the device and change from step to step; grids do not.
#pragma once
#ifndef __CUDACC_RTC__
#include "kernel_arguments.h"
#endif

/// How a matrix lies by columns.
typedef enum {
  SCU_COLUMNS_F32,
  SCU_COLUMNS_F16,
  SCU_COLUMNS_BF16,
  SCU_COLUMNS_BLOCKS,  ///< bytes with a sign, times a scale, and a minimum where there are some
} scu_columns_format;

/// A matrix by columns: what a sparse sum reads of it lies together.
typedef struct {
  uint64_t weights;           ///< `[columns][stride]`
  uint64_t scales, minimums;  ///< of blocks: halves, `[columns / span][stride]`; minimums 0 without
  int32_t format;
  int32_t rows, columns;
  int32_t stride;             ///< rows, up to a multiple of 32
  int32_t span;               ///< columns that share a scale
  int32_t pad;
} scu_columns;

/// A matrix is copied by columns.
typedef struct {
  scu_matrix from;
  scu_columns to;
} scu_transpose;

/// Numbers chosen for each row, and their union, ascending.
typedef struct {
  uint64_t marks;     ///< uint32 `[rows][(width + 31) / 32]`: bit i says whether i is chosen
  uint64_t members;   ///< int32 `[width * group]`: the columns that numbers of the union stand for
  uint64_t starts;    ///< int32: members before each 32 columns; behind them all of them
  uint64_t arrivals;  ///< int32: rows that have chosen; 0 between steps
  int32_t width;
  int32_t group;      ///< columns that a number stands for
} scu_lists;

/// What steps have read of one layer so far.
typedef struct {
  uint64_t tokens, chosen, columns;
} scu_reads;

typedef enum {
  SCU_THRESHOLD,    ///< from `threshold` on
  SCU_TOP,          ///< the k greatest
  SCU_STATISTICAL,  ///< about k, by mean and deviation
  SCU_BUCKETED,     ///< the k greatest among the greatest of each bucket
  SCU_LARGE,        ///< sizes above `threshold`, or no numbers
} scu_cut_kind;

typedef struct {
  int32_t kind, k;
  int32_t buckets, per_bucket;
  float threshold;
  int32_t pad;
} scu_selector;

/// Scores become chosen neurons; a block a row.
typedef struct {
  scu_selector selector;
  uint64_t scores;   ///< float32 `[rows][stride]`, of groups, or of neurons to be summed up
  uint64_t work;     ///< float32 `[rows][groups]` and int32 `[rows][groups]` behind it
  uint64_t among;    ///< marks of the neurons to choose among, as `scu_lists` has them; 0: all
  uint64_t order;    ///< int32: the neuron at each place; 0 where groups are runs of neighbours
  uint64_t common;   ///< int32 `[common_count]`: groups that are always chosen
  uint64_t reads;    ///< scu_reads; 0 without
  scu_lists chosen;
  int32_t stride, groups, group;
  int32_t common_count;
  int32_t sums;      ///< 1: a group's score is the sum of its neurons' sizes
} scu_select;

/// Exact activations of chosen neurons: activation(gate · x) * (up · x), or activation(up · x).
typedef struct {
  scu_matrix gate, up;         ///< of one format; no weights: without a gate
  uint64_t gate_bias, up_bias; ///< 0 without
  scu_prepared x;              ///< of matrices that are not float32
  uint64_t input;              ///< float32 `[rows][input_width]`
  uint64_t gates;              ///< float32 `[rows][width]`: activated gates; 0: not known
  uint64_t values;             ///< float32 `[rows][width]`, written where a neuron is chosen
  uint64_t estimates;          ///< `[rows][width]`, zeroed where a neuron is chosen; 0 without
  scu_lists chosen;
  int32_t input_width, width;
  int32_t rows;
  int32_t activation;
} scu_neurons;

/// scores = |activation(gates) * values|, or |activation(gates)|, which stays in `gates`.
typedef struct {
  uint64_t gates, values;  ///< float32 `[rows][stride]`; values 0 without
  uint64_t scores;         ///< `[rows][scores_stride]`
  uint64_t bias;           ///< halves, of gates and `second` behind them; 0 without
  uint64_t constants;      ///< float32 `[rows]`, added to both; 0 without
  uint64_t estimates;      ///< `[rows][estimates_stride]`: where activations stay; 0: nowhere
  int32_t width, stride, scores_stride, estimates_stride;
  int32_t second;          ///< elements from a row's gates to the biases of its values
  int32_t activation;
} scu_sizes;

/// One matrix by columns and where its sums go.
typedef struct {
  scu_columns matrix;
  uint64_t bias;       ///< 0 without
  uint64_t output;
  int32_t width;       ///< of the output's rows
  int32_t pad;
} scu_column_sum;

/// output (=, +=) the chosen columns times their values (+ bias).
typedef struct {
  scu_column_sum sums[SCU_PRODUCTS];
  scu_lists chosen;
  uint64_t values;       ///< float32 `[rows][values_width]`, by column
  uint64_t reads;        ///< scu_reads; 0 without
  uint64_t parts;        ///< float32 `[parts of the columns][rows][all outputs]`
  uint64_t arrivals;     ///< int32 for each tile: parts that are there; 0 between steps
  int32_t values_width;
  int32_t rows;
  float least;           ///< values of a smaller size read no column, nor do zeros
  int32_t adds;
} scu_column_sums;

/// An input less the mean of recorded ones, and the mean row of a sketched matrix times it.
typedef struct {
  uint64_t input, mean, mean_row;
  uint64_t centered;     ///< `[rows][width]`
  uint64_t mean_dots;    ///< `[rows]`
  int32_t input_width, width;
} scu_center;

/// Scores of a sketch's rows: what their codes stand for, or products that are already there.
typedef struct {
  uint64_t directions;   ///< float32 `[rows][direction_count]`
  uint64_t centroids;    ///< float32 `[bounds.last][16]`, by direction
  uint64_t bounds;       ///< int32 `[groups + 1]`
  uint64_t codes;        ///< `[blocks][pairs][64]`; 0: scores hold products
  uint64_t bias;         ///< halves `[blocks * 64]`
  uint64_t scores;       ///< float32 `[rows][blocks * 64]`
  uint64_t best;         ///< float32 `[rows][blocks]`: the greatest of 64 scores; 0 without
  int32_t direction_count, groups, blocks, row_count;
} scu_sketch;

/// How far a search has come for a row.
typedef struct {
  int32_t count;         ///< of its candidates; 0: the dense head decides
  int32_t goes_on;
  float threshold;
  int32_t pad;
  uint64_t rows, calls;  ///< exact logits computed so far, and for how many rows of steps
} scu_search_state;

/// The vocabulary head: candidates by a sketch's scores, their exact logits, and those in doubt.
typedef struct {
  scu_matrix matrix;
  uint64_t input;        ///< float32 `[rows][input_width]`
  uint64_t scores, best; ///< as `scu_sketch` has them
  uint64_t directions, mean_dots;
  uint64_t ids, logits;  ///< int32 and float32 `[rows][capacity]`
  uint64_t states;       ///< scu_search_state `[rows]`
  int32_t input_width, direction_count, blocks, row_count;
  int32_t wanted, capacity, rank;
  int32_t is_last;       ///< of exact logits: only of rows that go on, and finished
  float doubt, deviation, hidden;
  float scale, softcap;
  int32_t pad;
} scu_search;

/// Positions that a head may lack.
enum { SCU_KEPT = 16 };

/// What a sequence keeps for heads that were skipped, a layer after the other: int32 positions
/// made, `[heads]` up to a multiple of 32; then of the last SCU_KEPT positions float32 inputs and
/// turns, `[width]` each: the input up to a multiple of 128 with zeros, cosines, sines.
typedef struct {
  uint64_t before;     ///< bytes before this layer's
  int32_t heads;       ///< up to a multiple of 32
  int32_t width;       ///< of a position, a multiple of 32; 0: every head makes all its keys
} scu_kept;

/// Positions made become `count`, or at most that; of all layers.
typedef struct {
  uint64_t memory;
  int32_t layers, heads, width;
  int32_t count, at_most;
  int32_t pad;
} scu_made;

/// Sparse attention of a layer: what its kernels share.
typedef struct {
  scu_heads heads;
  scu_kept kept;
  scu_lists chosen;        ///< head groups
  scu_matrix query_matrix, key_matrix, value_matrix;
  uint64_t query_bias, key_bias, value_bias;
  uint64_t input;          ///< float32 `[rows][input_width]`
  uint64_t late_keys, late_values;  ///< `[rows][SCU_KEPT][key_heads * head_dimension]`
  uint64_t reads;          ///< scu_reads, whose columns are heads that made keys; 0 without
  int32_t input_width;
  int32_t catches_up;      ///< 1: every head makes what it lacks before the row's own position
} scu_sparse_heads;

/// The lengths of each head group's result.
typedef struct {
  uint64_t input, scores;
  int32_t input_width, groups, group_width;
  int32_t pad;
} scu_lengths;
