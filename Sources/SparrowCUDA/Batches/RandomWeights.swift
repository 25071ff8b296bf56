import CSparrowCUDA
import SparrowBlocks
import SparrowCore
import SparrowTransformer

extension DeviceWeights {
  /// BF16 matrices of random numbers, made on the device, for a model that no file holds.
  ///
  /// Norms change nothing; biases are zeros but those of neurons, which let every neuron count: a
  /// chosen neuron's weights are read then. Throws `.system` with both sizes where the device has
  /// too little memory.
  convenience init(
    random model: ModelConfiguration, _ library: KernelLibrary
  ) throws(SparrowError) {
    let context = library.context
    let layouts = model.expectedWeights.compactMap { weight -> (role: WeightRole, scu_matrix)? in
      guard weight.shape.count == 2 else { return nil }
      return (
        weight.role,
        scu_matrix(ElementType.bf16.ggml!, rows: weight.shape[0], columns: weight.shape[1])!
      )
    }
    let bytes = layouts.reduce(0) { $0 + $1.1.byteCount }
    let free = try context.freeMemory()
    guard bytes <= free else {
      throw SparrowError(
        .system, field: "cuda:\(context.device.ordinal)",
        found: "\(Quantity.bytes(bytes)) of weights",
        expected: "at most \(Quantity.bytes(free)), which are free there")
    }
    let fill = try RandomFill(library)
    var matrices: [WeightRole: DeviceMatrix] = [:]
    for (index, layout) in layouts.enumerated() {
      var argument = layout.1
      let memory = try DeviceBuffer(argument.byteCount, in: context)
      argument.weights = memory.address
      // A dot product with a normed vector is of size one.
      let part = RandomPart(
        offset: 0, count: argument.byteCount / 2, format: SCU_BF16,
        spread: (3 / Float(argument.columns)).squareRoot())
      try fill.run([part], in: memory, seed: index)
      matrices[layout.role] = DeviceMatrix(argument, in: memory)
    }
    var vectors: [WeightRole: [Float]] = [:]
    for (role, shape, _) in model.expectedWeights where shape.count == 1 {
      let value: Float = role.kind.isNormWeight ? 1 : role.kind == .upBias ? 8 : 0
      vectors[role] = [Float](repeating: value, count: shape[0])
    }
    try self.init(matrices, vectors, in: context)
    try context.synchronize()
  }
}
