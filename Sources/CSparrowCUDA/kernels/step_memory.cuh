// What the blocks of a decoding step keep in shared memory, and how many slots fit beside it.
//
// Constants: WIDTH of the residual stream, CONSUMERS warps that multiply, BLOCKS; HEAD elements,
// KEY_HEADS head groups of GROUP query heads, SPLITS parts of attention; RANK of predictors,
// HEAD_RANK of the head's sketch; WEIGHT_BITS, PREDICTOR_BITS; MASK_WORDS of a layer's neuron mask;
// SHARED_BYTES of a block, SLOT_BYTES of a slot.

constexpr int THREADS = CONSUMERS * 32, BATCH = 8;

__device__ constexpr int rows_of_slot(int bits) {
  int rows = 8;
  while (rows > 1 && rows * scu_step_row_bytes(bits, WIDTH) > SLOT_BYTES) rows /= 2;
  return rows;
}

/// Bytes of a row of weights, rows of a slot, and dot products that are summed over the block at
/// once.
template <int BITS>
constexpr int ROW_BYTES = scu_step_row_bytes(BITS, WIDTH);
template <int BITS>
constexpr int SLOT_ROWS = rows_of_slot(BITS);
template <int BITS>
constexpr int SUMS = BITS == 16 ? BATCH : BITS == 4 && GATED ? 8 * BATCH : 4 * BATCH;
constexpr int ALL_SUMS = SUMS<(WEIGHT_BITS < PREDICTOR_BITS ? WEIGHT_BITS : PREDICTOR_BITS)>;
constexpr int HEADS = KEY_HEADS * GROUP, HEAD_ROWS = (GROUP + 2) * HEAD;
/// Rows of a block of attention's output matrix, at most.
constexpr int OUTPUT_ROWS = (WIDTH + BLOCKS - 1) / BLOCKS;
/// Bytes of a head of a block's rows, and heads a slot, at most.
constexpr int HEAD_BYTES = scu_step_row_bytes(WEIGHT_BITS, HEAD), PIECE = OUTPUT_ROWS * HEAD_BYTES;
constexpr int HEADS_AT_ONCE = SLOT_BYTES / PIECE < CONSUMERS ? SLOT_BYTES / PIECE : CONSUMERS;
static_assert(HEADS_AT_ONCE > 0, "a head's piece fits a slot");

/// Groups of neurons that one block touches, at most; likewise rows of predictors' scores, and of
/// tokens'.
constexpr int SHARE = 512, SCORES = 1024, TOKEN_SCORES = 2048;
static_assert(MASK_WORDS % 4 == 0, "words of a mask in fours");
static_assert(MASK_WORDS * 32 / BLOCKS + 2 <= SHARE, "a block's share of a mask");

/// Warps that attend, keys that one takes at once.
constexpr int ATTENDING = 8, LANES = HEAD / 8, KEYS = 32 / LANES;
static_assert(CONSUMERS >= ATTENDING, "warps that attend");
static_assert((LANES & (LANES - 1)) == 0 && LANES <= 32, "lanes of a key");

struct alignas(16) attention_memory {
  float query[GROUP][HEAD], own[2][HEAD];
  float most[GROUP][ATTENDING], total[GROUP][ATTENDING];
  float sums[GROUP][ATTENDING][HEAD];
};

/// A vector as bytes, with a scale for each 32 of them.
struct alignas(16) sketch_input {
  int8_t numbers[WIDTH];
  float scales[WIDTH / 32];
};

/// Whole numbers of 24 bits, a byte each: what weights of blocks are multiplied by.
constexpr int TERMS = 3;

/// What rows of a network's last matrix are multiplied by, likewise: for each pair of blocks of a
/// warp's columns the terms of the one block and of the other, each of sixteen neurons.
struct factor_terms {
  uint32_t words[8][32];
  float units[8][4];
};

/// What attention has left of each head, likewise.
struct head_terms {
  alignas(16) int8_t terms[HEADS][TERMS][HEAD];
  float scales[HEADS];
};

/// All but the ring.
struct step_state {
  /// The block's neurons are listed: by the producer, and by consumers that chose them. And: the
  /// producer's list is read, and may be another layer's.
  uint64_t listed, chosen, read;
  /// The block's neurons, [first, last) of all that are touched, and their groups.
  int first, last, first_group;
  int groups[SHARE];
  alignas(16) uint32_t words[MASK_WORDS];
  /// Head groups that are touched, ascending: for consumers, and for the producer, which is ahead.
  struct {
    int heads[KEY_HEADS], count;
  } now, ahead;
  float sums[2][CONSUMERS][ALL_SUMS];
  float scratch[2][CONSUMERS];
  union {
    float input[2][RANK];
    alignas(16) int8_t input_terms[2][TERMS][RANK];
  };
  float output[CONSUMERS][OUTPUT_ROWS];
  uint8_t touched[SCORES];
  union {
    attention_memory attention;
    alignas(16) float attended[HEADS][HEAD];
    head_terms heads;
    alignas(16) int8_t terms[TERMS][WIDTH];
    factor_terms factors[CONSUMERS];
    float columns[CONSUMERS][32];
    struct {
      sketch_input sketch;
      uint64_t best[2][CONSUMERS];
      float scores[TOKEN_SCORES];
    };
  };
};

/// Slots of the ring, each with two barriers.
constexpr int SLOTS = (SHARED_BYTES - (int)sizeof(step_state) - 256) / (SLOT_BYTES + 16);
