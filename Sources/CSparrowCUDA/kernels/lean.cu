// A decoding step of one row of a small model as one kernel: its blocks go through the phases side
// by side.

extern "C" __global__ void __launch_bounds__(LEAN_THREADS, 1) lean(
  const __grid_constant__ scu_lean a) {
  lean_memory &m = *(lean_memory *)lean_bytes;
  for (int i = 16 * threadIdx.x; i < (int)sizeof m.phases; i += 16 * LEAN_THREADS)
    copy_async<16>((uint8_t *)m.phases + i, (const uint8_t *)a.phases + i);
  end_copies();
  wait_for_copies<0>();
  __syncthreads();
  lean_block b(a, m);
  follow();
  b.row = *(const scu_row *)a.row;
  b.turn = *(const uint32_t *)a.turn;
  embed(b);
  int window = 0;
#pragma unroll 1
  for (; b.phase < PHASES; b.phase++) {
    const scu_lean_phase &p = m.phases[b.phase];
    if (p.kind == SCU_LEAN_PRODUCTS) {
      if (m.phases[b.phase + 1].kind == SCU_LEAN_HEADS) {
        const lean_heads work(b, m.phases[b.phase + 1]);
        work.stage(b, work.first_job);
      }
      multiply_phase(b, p, window);
    } else if (p.kind == SCU_LEAN_HEADS) {
      window = p.of.heads.window;
      attend_phase(b, p);
    } else if (blockIdx.x == 0) {
      float2 x[STREAM_PAIRS];
      take_stream(b, p, x);
#pragma unroll
      for (int i = 0; i < STREAM_PAIRS; i++)
        if (pair_at(i) < HIDDEN) ((float2 *)a.output)[pair_at(i) / 2] = x[i];
      // All blocks have read it: each had a part in what came here.
      if (threadIdx.x == 0) *(uint32_t *)a.turn = b.turn + 1;
    }
  }
}
