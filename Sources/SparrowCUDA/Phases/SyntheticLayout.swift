internal import CSparrowCUDA
import SparrowCore

/// A run of random numbers in a buffer.
struct RandomPart {
  let offset: Int
  let count: Int
  let format: scu_format
  var center: Float = 0
  let spread: Float
  /// Of rows of so many numbers the first ones are any bits; 0 without.
  var row = 0
  var bits = 0

  var byteCount: Int { count * (format == SCU_F32 ? 4 : 2) }
}

/// Where a synthetic model's weights lie: the same in every layer.
struct SyntheticLayout {
  private(set) var offsets = scu_layer()
  private(set) var layerParts: [RandomPart] = []
  private(set) var endParts: [RandomPart] = []
  let cacheParts: [RandomPart]
  private(set) var layerBytes = 0
  private(set) var endBytes = 0
  let pageBytes: Int
  let pageCount: Int
  private let shape: SyntheticShape
  private var ends: [WritableKeyPath<scu_step, UInt64>: Int] = [:]

  init(_ shape: SyntheticShape, _ sparsity: SyntheticSparsity?, context: Int) {
    self.shape = shape
    let page = Int(SCU_PAGE)
    pageCount = context / page + 1
    pageBytes = shape.layers * 2 * shape.keyHeads * page * shape.headDimension * 2
    cacheParts = [
      RandomPart(offset: 0, count: pageBytes / 2 * pageCount, format: SCU_F16, spread: 1.7)
    ]
    placeLayer(sparsity)
    placeEnds(context: context, hasSketch: sparsity?.hasSparseHead == true)
  }

  /// Weights of spread such that a dot product with a normed vector is of size one.
  private var matrixSpread: Float { (3 / Float(shape.width)).squareRoot() }

  private static func place(
    _ part: (Int) -> RandomPart, _ parts: inout [RandomPart], _ end: inout Int
  )
    -> Int
  {
    let offset = end
    parts.append(part(offset))
    end = (offset + parts.last!.byteCount + 255) / 256 * 256
    return offset
  }

  private mutating func placeLayer(_ sparsity: SyntheticSparsity?) {
    let width = shape.width
    let spread = matrixSpread
    let predictorRows = sparsity?.predictorRows(of: shape) ?? 0
    func add(
      _ member: WritableKeyPath<scu_layer, UInt64>, _ count: Int, _ format: scu_format,
      _ center: Float, _ spread: Float, _ layout: inout SyntheticLayout
    ) {
      layout.offsets[keyPath: member] = UInt64(
        Self.place(
          { .init(offset: $0, count: count, format: format, center: center, spread: spread) },
          &layout.layerParts, &layout.layerBytes))
    }
    func matrix(
      _ member: WritableKeyPath<scu_layer, UInt64>, _ rows: Int, _ columns: Int,
      _ format: StepFormat? = nil
    ) {
      let matrix = RandomMatrix(
        rows: rows, columns: columns, spread: spread, format: format ?? shape.format)
      offsets[keyPath: member] = UInt64(Self.place(matrix.part, &layerParts, &layerBytes))
    }
    let predictors = sparsity?.predictorFormat ?? shape.format
    if predictors == shape.format {
      matrix(\.projections, shape.projectionRows + predictorRows, width)
    } else {
      matrix(\.projections, shape.projectionRows, width)
      matrix(\.predictor_inputs, predictorRows, width, predictors)
    }
    matrix(\.output, shape.heads * width, shape.headDimension)
    if shape.isGated { matrix(\.gate, shape.neurons, width) }
    matrix(\.up, shape.neurons, width)
    matrix(\.down, shape.neurons, width)
    if let rank = sparsity?.rank {
      matrix(\.predictors, shape.neurons + (shape.keyHeads + 7) / 8 * 8, rank, predictors)
    }
    if sparsity?.predictor == .sketch {
      // Any bits are numbers of four bits; as halves they are scales too.
      add(\.sketch, sketchBytes / 2, SCU_F16, 0, 0.01, &self)
    }
    for norm in [\scu_layer.norm, \.network_norm] { add(norm, width, SCU_BF16, 1, 0.2, &self) }
    guard shape.style == .opt else { return }
    for bias in [\scu_layer.norm_bias, \.network_norm_bias] {
      add(bias, width, SCU_BF16, 0, 0.2, &self)
    }
    for (bias, count) in [
      (\scu_layer.projections_bias, shape.projectionRows + predictorRows),
      (\.output_bias, width), (\.up_bias, shape.neurons), (\.down_bias, width),
    ] {
      add(bias, count, SCU_F32, 0, 0.2, &self)
    }
  }

  private mutating func placeEnds(context: Int, hasSketch: Bool) {
    let width = shape.width
    func add(
      _ member: WritableKeyPath<scu_step, UInt64>, _ count: Int, _ format: scu_format,
      _ center: Float, _ spread: Float, _ layout: inout SyntheticLayout
    ) {
      layout.ends[member] = Self.place(
        { .init(offset: $0, count: count, format: format, center: center, spread: spread) },
        &layout.endParts, &layout.endBytes)
    }
    let vocabulary = RandomMatrix(
      rows: shape.vocabulary, columns: width, spread: matrixSpread, format: shape.format)
    ends[\.vocabulary] = Self.place(vocabulary.part, &endParts, &endBytes)
    // Tied: the head's rows are the tokens' as well.
    ends[\.embedding] = ends[\.vocabulary]
    add(\.norm, width, SCU_BF16, 1, 0.2, &self)
    if hasSketch {
      add(\.head_rows, StepKernel.headRank * width, SCU_BF16, 0, matrixSpread, &self)
      add(\.head_sketch, headSketchBytes / 2, SCU_F16, 0, 0.01, &self)
    }
    if shape.style == .opt {
      add(\.norm_bias, width, SCU_BF16, 0, 0.2, &self)
      add(\.positions, (context + 1) * width, SCU_BF16, 0, 1, &self)
    }
    if shape.style == .llama {
      add(\.cosine, shape.headDimension / 2, SCU_F32, 0, 1, &self)
      add(\.sine, shape.headDimension / 2, SCU_F32, 0, 1, &self)
    }
  }

  func setEnds(of step: inout scu_step, at address: UInt64) {
    for (member, offset) in ends { step[keyPath: member] = address + UInt64(offset) }
  }

  /// Where a part of the model's ends begins, in bytes; nil where the shape has none.
  func end(_ member: WritableKeyPath<scu_step, UInt64>) -> Int? { ends[member] }

  /// Four bits a weight of the first matrix, and two bytes for each 32.
  private var sketchBytes: Int { shape.neurons * (shape.width / 2 + shape.width / 16) }

  /// Four bits a number, and two bytes for each token.
  private var headSketchBytes: Int { shape.vocabulary * (StepKernel.headRank / 2 + 2) }

  /// Of a layer's predictor.
  func predictorBytes(_ sparsity: SyntheticSparsity) -> Int {
    let format = sparsity.predictorFormat ?? shape.format
    let first = sparsity.predictorRows(of: shape) * format.rowBytes(shape.width)
    switch sparsity.predictor {
    case .given: return 0
    case .sketch: return sketchBytes
    case .router: return first
    case .lowRank(let rank):
      let heads = sparsity.headDensity == nil ? 0 : shape.keyHeads
      return first + format.rowBytes(rank) * (shape.neurons + heads)
    }
  }

  /// Of the vocabulary head.
  func headBytes(_ sparsity: SyntheticSparsity?, computed: Int) -> Int {
    guard sparsity?.hasSparseHead == true else { return shape.rowBytes * shape.vocabulary }
    return shape.rowBytes * (StepKernel.headRank + computed) + headSketchBytes
  }
}

/// Fills buffers on the device.
struct RandomFill {
  private let kernel: CUDAKernel
  private let shape: CUDAKernel.Shape

  init(_ library: KernelLibrary) throws(SparrowError) {
    kernel = try library.kernel("fill_random", of: ["step_arguments.h", "random.cu"])
    shape = .init(grid: library.context.device.multiprocessors * 8, block: 256)
  }

  func run(_ parts: [RandomPart], in buffer: DeviceBuffer, seed: Int) throws(SparrowError) {
    for (index, part) in parts.enumerated() {
      try kernel.launch(
        shape,
        scu_random(
          to: buffer.address + UInt64(part.offset), count: UInt64(part.count),
          format: Int32(part.format.rawValue), row: UInt32(part.row), bits: UInt32(part.bits),
          seed: UInt32(seed * 32 + index), center: part.center, spread: part.spread))
    }
  }
}
