// Weights by chance, made where they are needed: the same for the same seed on every device.

extern "C" __global__ void fill_random(const scu_random a) {
  const uint64_t step = (uint64_t)gridDim.x * blockDim.x;
  for (uint64_t i = (uint64_t)blockIdx.x * blockDim.x + threadIdx.x; i < a.count; i += step) {
    // A finaliser of MurmurHash3's kind: every bit of the index moves every bit of the number.
    uint64_t x = i ^ (uint64_t)a.seed << 40;
    x ^= x >> 33, x *= 0xff51afd7ed558ccdull;
    x ^= x >> 33, x *= 0xc4ceb9fe1a85ec53ull;
    x ^= x >> 33;
    if (a.row != 0 && i % a.row < a.bits) {
      ((uint16_t *)a.to)[i] = (uint16_t)(x >> 48);
      continue;
    }
    const float y = a.center + a.spread * ((float)(x >> 40) * 0x1p-23f - 1);
    switch (a.format) {
      case SCU_F32: ((float *)a.to)[i] = y; break;
      case SCU_F16: ((uint16_t *)a.to)[i] = to_half(y); break;
      default: ((uint16_t *)a.to)[i] = (uint16_t)bfloats(y, 0); break;
    }
  }
}
