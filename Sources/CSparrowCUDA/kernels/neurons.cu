// Activations of chosen neurons: products of the neurons' rows of the matrices, each read once for
// all rows of the step. Behind prepare.cuh, multiply.cu and chosen.cuh.
//
// Constants: those of `multiply`; MATRICES, 1, or 2 with a gate, whose tiles are those of gate and up
// in turn.

constexpr int NEURON_TILES = TILES / MATRICES;

/// Tiles of sixteen neurons of the union.
struct chosen_tiles {
  const scu_neurons &a;
  int members;

  __device__ __forceinline__ int count() const { return (members + 15) / 16 * MATRICES; }
  __device__ __forceinline__ int rows() const { return a.rows; }
  __device__ __forceinline__ const scu_matrix &matrix() const { return a.up; }
  __device__ __forceinline__ tile find(int index, int lane, int bytes) const {
    const bool is_gate = MATRICES == 2 && index % 2 == 0;
    const uint8_t *weights = (const uint8_t *)(is_gate ? a.gate.weights : a.up.weights);
    tile t;
#pragma unroll
    for (int i = 0; i < 2; i++) {
      const int place = min(index / MATRICES * 16 + lane / 4 + 8 * i, members - 1);
      t.rows[i] = weights + (uint64_t)union_number(a.chosen, place) * bytes;
    }
    return t;
  }
  /// Sums of a matrix, and those of a thread.
  static constexpr int SUMS = NEURON_TILES * COLUMN_TILES * 128;
  static constexpr int OWN = (SUMS + PARTS * 32 - 1) / (PARTS * 32);
  /// A thread's neurons; none where it has none that the row chose.
  struct place {
    int neurons[OWN];
  };
  static __device__ __forceinline__ int row_of(int e, int first_row) {
    return first_row + e / 128 % COLUMN_TILES * 8 + e % 4 * 2 + e / 32 % 2;
  }
  __device__ __forceinline__ place begin(int group, int first_row) const {
    place p;
#pragma unroll
    for (int u = 0; u < OWN; u++) {
      const int e = u * PARTS * 32 + threadIdx.x, row = row_of(e, first_row);
      const int tile = group * NEURON_TILES + e / (128 * COLUMN_TILES);
      const int index = tile * 16 + e % 32 / 4 + e / 64 % 2 * 8;
      p.neurons[u] = -1;
      if (e >= SUMS || row >= a.rows || index >= members) continue;
      const int neuron = union_number(a.chosen, index);
      if (is_marked(a.chosen, row, neuron)) p.neurons[u] = neuron;
    }
    return p;
  }
  template <typename Total>
  __device__ __forceinline__ void finish(
    const place &p, int group, int first_row, int end, Total total) const {
#pragma unroll
    for (int u = 0; u < OWN; u++) {
      if (p.neurons[u] < 0) continue;
      const int e = u * PARTS * 32 + threadIdx.x, row = row_of(e, first_row);
      constexpr int each = COLUMN_TILES * 128;
      const int at = e / each * each * MATRICES + e % each;
      const float first = total(at, row);
      store_neuron(a, p.neurons[u], row, first, MATRICES == 2 ? total(at + each, row) : first);
    }
  }
};

/// Bytes of shared memory that `multiply_tiles` has.
constexpr int SHARED = PARTS * (WARP_BYTES + TILES * COLUMN_TILES * 512);

extern "C" __global__ void __launch_bounds__(PARTS * 32, BLOCKS) neuron_values(const scu_neurons a) {
  // Behind what `multiply` has: a single row's terms, and the sums of its blocks.
  extern __shared__ __align__(16) uint8_t memory[];
  __shared__ float scratch[32], scale;
  follow();
  const chosen_tiles tiles = {a, union_count(a.chosen)};
  if ((int)blockIdx.x * NEURON_TILES * 16 >= tiles.members) return;
  multiply_tiles(tiles, memory, [&] {
    scu_prepared own = a.x;
    if (a.rows > 1) return own;
    uint16_t *terms = (uint16_t *)(memory + SHARED);
    own.high = (uint64_t)terms, own.low = (uint64_t)(terms + own.stride);
    if (own.sums) own.sums = (uint64_t)(terms + 2 * own.stride);
    own.scales = (uint64_t)&scale;
    const float *x = (const float *)a.input;
    prepare_row(own, 0, a.up.columns, scratch, [&](int i) { return x[i]; });
    __syncthreads();
    return own;
  });
}
