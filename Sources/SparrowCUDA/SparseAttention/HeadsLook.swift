import CSparrowCUDA
import SparrowCore
import SparrowEngine
import SparrowTransformer

/// Shows probes which head groups rows touch, and audits what all of them would have given.
struct HeadsLook: Sendable {
  /// The attention of a layer as it would be dense, in memory of its own: keys and values are all
  /// in the cache.
  struct Exact: Sendable {
    let layer: Int
    let attention: AttentionDescription
    /// What the layer's projections read.
    let input: DeviceRows
    let kernels: HeadKernels
  }

  let layer: Int
  let chosen: DeviceLists
  let operands: Operands
  /// nil where heads are chosen by their results, which nobody audits.
  let exact: Exact?

  func look(_ shape: StepShape, _ probes: StepProbes) throws(SparrowError) {
    guard probes.audit != nil || probes.selections != nil else { return }
    let context = operands.kernels.library.context
    var results: [Float] = []
    if let exact, probes.audit?.wantsResults(ofAttention: layer) == true {
      results = try self.results(exact, shape, context)
    }
    for row in 0..<shape.rows {
      let selected = try chosen.read(row, in: context)
      probes.selections?(Selected(.attention, layer: layer, row: row, indices: selected))
      guard exact != nil else { continue }
      results.withUnsafeBufferPointer { results in
        let start = results.baseAddress.map { $0 + row * results.count / shape.rows }
        probes.audit?.note(
          attention: layer, selected: selected, results: results.isEmpty ? nil : start)
      }
    }
  }

  /// The results of all heads, `[rows][heads][headDimension]`.
  private func results(
    _ exact: Exact, _ shape: StepShape, _ context: CUDAContext
  ) throws(SparrowError) -> [Float] {
    let attention = exact.attention
    let width = attention.heads * attention.headDimension
    let memory = DeviceMemory(in: context)
    let query = try memory.rows(shape.rows, width: width)
    let attended = try memory.rows(shape.rows, width: width)
    let all = try DeviceLists(width: attention.keyValueHeads, memory)
    let words = StepShape.sparseRows * ((attention.keyValueHeads + 31) / 32)
    try context.call("cuMemsetD32Async") {
      $0.fill_words(all.argument.marks, .max, words, context.stream)
    }
    try Products([operands.part(.query, layer, into: query)], of: exact.input, operands)
      .launch(rows: shape.rows)
    // Keys are made once more, the same ones.
    var argument = scu_sparse_heads()
    argument.heads = operands.heads(attention, layer)
    (argument.heads.query, argument.heads.cache_type) = (query.address, shape.cacheType)
    argument.chosen = all.argument
    try exact.kernels.append.launch(
      .init(grid: attention.keyValueHeads, shape.rows, block: 128), argument)
    try operands.attend(attention, layer, query: query, into: attended)(shape)
    return try context.values(shape.rows * width, at: attended.address, zero: 0)
  }
}
