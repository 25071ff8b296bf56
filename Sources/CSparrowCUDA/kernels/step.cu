// The step: one warp of each block walks over the phases bringing weights, the others computing.

__device__ __forceinline__ void stream(const scu_step &a, step_memory &m) {
  const scu_row row = *(const scu_row *)a.row;
  producer ring(a.lag);
  uint32_t choices = 0, reads = 1;
#pragma unroll 1
  for (int i = 0; i < a.phase_count; i++) {
    const phase p(a, i);
    switch (p.kind) {
      case SCU_PROJECT:
      case SCU_HEAD_ROWS:
      case SCU_LOGITS: stream_rows(a, m, ring, p); break;
      case SCU_ATTEND:
        stream_cache(m, ring, row, p);
        stream_prediction(a, m, ring, row, p);
        break;
      case SCU_OUTPUT: stream_output(a, m, ring, p); break;
      case SCU_SKETCHED:
      case SCU_NETWORK: stream_network(a, m, ring, choices, reads, p); break;
      case SCU_TOKENS:
        if constexpr (SKETCHES) stream_tokens(a, m, ring, p);
        break;
    }
  }
}

__device__ __forceinline__ void compute(const scu_step &a, step_memory &m) {
  const scu_row row = *(const scu_row *)a.row;
  consumer ring;
  uint32_t lists = 0;
#pragma unroll 1
  for (int i = 0; i < a.phase_count; i++) {
    const phase p(a, i);
    switch (p.kind) {
      case SCU_EMBED: embed(a, row, p); break;
      case SCU_PROJECT:
      case SCU_HEAD_ROWS:
      case SCU_LOGITS: multiply_rows(a, m, ring, p); break;
      case SCU_ATTEND:
        attend(a, m, ring, row, p);
        predict(a, m, ring, row, p);
        break;
      case SCU_OUTPUT: multiply_output(a, m, ring, p); break;
      case SCU_SKETCHED:
      case SCU_NETWORK: run_network(a, m, ring, lists, p); break;
      case SCU_REDUCE: reduce(a, m, p); break;
      case SCU_TOKENS:
        if constexpr (SKETCHES) sketch_tokens(a, m, ring, p);
        break;
    }
    end(a, p);
  }
}

extern "C" __global__ void __launch_bounds__(THREADS + 32, 1) step(
  const __grid_constant__ scu_step a) {
#if __CUDA_ARCH__ >= 900
  step_memory &m = *(step_memory *)dynamic_memory;
  if (threadIdx.x == 0) {
    make_barrier(&m.listed, 1);
    make_barrier(&m.chosen, 1);
    make_barrier(&m.read, CONSUMERS);
  }
  open_ring(m.ring);
  if (threadIdx.x >= THREADS)
    stream(a, m);
  else
    compute(a, m);
#endif
}
