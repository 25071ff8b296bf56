// Matrices by columns, copied from rows: exactly, blocks as bytes. Once, when a plan is installed.
// Behind block_formats.h.

/// A thread an element: rows along x, so that columns are written in whole lines.
extern "C" __global__ void transpose(const scu_transpose a) {
  const int row = blockIdx.x * blockDim.x + threadIdx.x, column = blockIdx.y;
  if (row >= a.from.rows) return;
  const uint64_t to = (uint64_t)column * a.to.stride + row;
  const uint64_t from = (uint64_t)row * a.from.stride + column;
  const scu_block b = scu_block_of(a.from.format);
  if (a.from.format == SCU_F32) {
    ((uint32_t *)a.to.weights)[to] = ((const uint32_t *)a.from.weights)[from];
  } else if (b.bits == 0) {
    ((uint16_t *)a.to.weights)[to] = ((const uint16_t *)a.from.weights)[from];
  } else {
    const scu_planes p = scu_planes_of(b, a.from.stride);
    const uint8_t *own = (const uint8_t *)a.from.weights + (uint64_t)row * p.bytes;
    ((int8_t *)a.to.weights)[to] = (int8_t)(scu_number(b, p, own, column) - b.offset);
    if (column % b.span != 0) return;
    const int span = column / b.span;
    const uint64_t at = (uint64_t)span * a.to.stride + row;
    ((uint16_t *)a.to.scales)[at] = ((const uint16_t *)(own + p.scales))[span];
    if (b.minimums)
      ((uint16_t *)a.to.minimums)[at] = ((const uint16_t *)(own + p.minimums))[span];
  }
}
