/// From a file's weights to rows as the device has them, and back.
#pragma once
#include "CSparrowBlocks.h"
#include "block_formats.h"

/// The format that holds `type` as the CPU's packed weights do: without loss beyond rounding a
/// block's scale to float16, or float64 to float32. -1 for types that have none.
int32_t scu_format_of(sb_type type);

/// Columns of a row with what pads it.
int32_t scu_stride_of(int32_t format, int32_t columns);

/// Bytes from one row to the next.
int64_t scu_row_bytes(const scu_matrix *m);

/// Packs `count` rows of a file, which lie together, into as many of `m`'s at `target`.
///
/// 1 where all weights are numbers: no float, scale or minimum is infinite or NaN.
int32_t scu_pack_rows(
  const scu_matrix *m, sb_type type, const void *source, int32_t count, void *target);

/// Expands one of `m`'s rows, copied to the host, to float32: `out[columns]`.
void scu_unpack_row(const scu_matrix *m, const void *row, float *out);
