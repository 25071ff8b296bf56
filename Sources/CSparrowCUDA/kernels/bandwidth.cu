// How fast a device reads: nothing is done with what comes. Behind the ring.
//
// Constants: the ring's.

extern __shared__ char dynamic_memory[];

/// By bulk copies, the fastest way; a warp that asks and one that lets go.
extern "C" __global__ void __launch_bounds__(64) read_bulk(const scu_read a) {
#if __CUDA_ARCH__ >= 900
  ring_memory &m = *(ring_memory *)dynamic_memory;
  open_ring(m);
  const uint64_t slots = a.bytes / SLOT_BYTES;
  if (threadIdx.x < 32) {
    // Other slots are free before they are wanted: no copy waits for a thread.
    producer asks(SLOTS / 4);
    for (uint64_t slot = blockIdx.x; slot < slots; slot += gridDim.x)
      asks.fill(
        m, (const char *)a.from + slot * SLOT_BYTES + threadIdx.x * (SLOT_BYTES / 2), 2,
        SLOT_BYTES / 2);
  } else {
    consumer comes;
    for (uint64_t slot = blockIdx.x; slot < slots; slot += gridDim.x) {
      comes.wait(m);
      comes.release(m);
    }
  }
#endif
}

/// By loads of 16 bytes, eight of a thread under way.
extern "C" __global__ void read_plain(const scu_read a) {
  const uint4 *from = (const uint4 *)a.from;
  const uint64_t count = a.bytes / 16, step = (uint64_t)gridDim.x * blockDim.x;
  uint32_t sum = 0;
  for (uint64_t i = (uint64_t)blockIdx.x * blockDim.x + threadIdx.x; i < count; i += 8 * step) {
    uint4 v[8];
#pragma unroll
    for (int j = 0; j < 8; j++) v[j] = i + j * step < count ? load_once(from + i + j * step) : v[0];
#pragma unroll
    for (int j = 0; j < 8; j++) sum ^= v[j].x ^ v[j].y ^ v[j].z ^ v[j].w;
  }
  // Of zeros, always; but the compiler does not know that.
  if (sum != 0) *(uint32_t *)a.sink = sum;
}
