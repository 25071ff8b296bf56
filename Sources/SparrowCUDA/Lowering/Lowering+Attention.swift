import CSparrowCUDA
import SparrowCore
import SparrowEngine
import SparrowTransformer

extension Lowering {
  /// Queries, keys, values, and gates of queries where there are some.
  func projections(
    _ attention: AttentionDescription, _ layer: Int, of input: Operation.Buffer
  ) -> Products {
    var kinds: [(WeightRole.Kind, Operation.Buffer)] = [
      (.query, .query), (.key, .key), (.value, .value),
    ]
    if attention.isGated { kinds.append((.queryGate, .headGates)) }
    return Products(
      kinds.map { operands.part($0, layer, into: operands.buffer($1, layer)) },
      of: operands.buffer(input, layer), operands)
  }

  mutating func project(
    _ operation: Operation, _ attention: AttentionDescription, _ input: Operation.Buffer
  ) {
    projected = input
    let source = takeSource(input)
    let products = projections(attention, operation.layer!, of: input)
    append(operation) { shape throws(SparrowError) in try products.launch(shape, of: source) }
  }

  /// Norms and turns queries and keys, and writes keys and values into the cache; of rows of
  /// different sequences attention does it itself.
  func heads(_ attention: AttentionDescription, _ layer: Int) -> LoweredOperation.Launch {
    let operands = operands
    let argument = headsArgument(attention, layer)
    let count = attention.heads + 2 * attention.keyValueHeads
    let threads = min(256, (attention.headDimension + 31) / 32 * 32)
    return { shape throws(SparrowError) in
      guard !shape.isDecode else { return }
      var own = argument
      own.cache_type = shape.cacheType
      try operands.kernels.heads.launch(
        .init(grid: count, shape.rows, block: threads, startsEarly: true), own)
    }
  }

  private func headsArgument(_ attention: AttentionDescription, _ layer: Int) -> scu_heads {
    let (query, key) = (operands.buffer(.query, layer), operands.buffer(.key, layer))
    let value = operands.buffer(.value, layer)
    let width = Int32(attention.headDimension)
    var argument = scu_heads()
    argument.rows_of_step = operands.inputs.rows
    (argument.query, argument.key, argument.value) = (query.address, key.address, value.address)
    argument.query_width = Int32(query.width)
    argument.key_width = Int32(key.width)
    argument.value_width = Int32(value.width)
    argument.heads = Int32(attention.heads)
    argument.key_heads = Int32(attention.keyValueHeads)
    argument.head_dimension = width
    if let norm = attention.headNorm, attention.headNormSpan != .allHeads {
      let stride = attention.headNormSpan == .ownHead ? width : 0
      (argument.norms_query, argument.norms_key) = (norm.kind.number, norm.kind.number)
      (argument.query_stride, argument.key_stride) = (stride, stride)
      argument.query_norm = operands.vector(.queryNorm, layer)
      argument.key_norm = operands.vector(.keyNorm, layer)
      (argument.epsilon, argument.offset) = (norm.epsilon, norm.weightOffset)
    }
    if let norm = attention.valueNorm {
      (argument.norms_value, argument.value_epsilon) = (norm.kind.number, norm.epsilon)
    }
    argument.turns = operands.inputs.turns(attention.rotary)
    argument.turn_stride = Int32(operands.inputs.turnStride)
    argument.rotary = Int32(attention.rotary?.dimension ?? 0)
    argument.interleaved = attention.rotary?.interleaved == true ? 1 : 0
    argument.plane = plane(layer)
    return argument
  }

  /// Elements of a page before a layer's keys.
  private func plane(_ layer: Int) -> UInt64 {
    UInt64(Int(SCU_PAGE) * operands.model.cacheElements(before: layer))
  }

  mutating func attend(_ operation: Operation, _ attention: AttentionDescription) {
    let layer = operation.layer!
    operations.append(
      LoweredOperation(
        operation,
        observed: .init(
          .attention, input: operands.buffers[projected],
          result: operands.buffer(.attended, layer)), launch: attend(attention, layer)))
  }

  private func attend(
    _ attention: AttentionDescription, _ layer: Int
  ) -> LoweredOperation.Launch {
    let operands = operands
    let (query, output) = (operands.buffer(.query, layer), operands.buffer(.attended, layer))
    var argument = scu_attend()
    argument.rows_of_step = operands.inputs.rows
    (argument.query, argument.output) = (query.address, output.address)
    argument.parts = operands.buffers.parts.address
    (argument.query_width, argument.output_width) = (Int32(query.width), Int32(output.width))
    argument.heads = Int32(attention.heads)
    argument.key_heads = Int32(attention.keyValueHeads)
    argument.head_dimension = Int32(attention.headDimension)
    argument.window = Int32(attention.window)
    (argument.scale, argument.softcap) = (attention.scale, attention.softcap)
    argument.plane = plane(layer)
    let rowBytes = 4 * attention.heads * (attention.headDimension + 2)
    let room = operands.buffers.parts.byteCount / rowBytes
    let heads = headsArgument(attention, layer)
    return { [argument] shape throws(SparrowError) in
      var own = argument
      var made = heads
      (own.cache_type, made.cache_type) = (shape.cacheType, shape.cacheType)
      own.splits = Int32(shape.splits)
      let most = shape.splits == 1 ? shape.rows : max(room / shape.splits, 1)
      for first in stride(from: 0, to: shape.rows, by: most) {
        let rows = min(most, shape.rows - first)
        own.first_row = Int32(first)
        let grid = CUDAKernel.Shape(
          grid: attention.heads, shape.splits, rows, block: Int(SCU_SPLIT), startsEarly: true)
        if shape.isDecode {
          try operands.kernels.decode.launch(grid, scu_decode(heads: made, attend: own))
        } else {
          try operands.kernels.attend.launch(grid, own)
        }
        guard shape.splits > 1 else { continue }
        try operands.kernels.join.launch(
          .init(grid: rows, block: operands.threads(output.width), startsEarly: true), own)
      }
    }
  }

  func gateHeads(_ layer: Int) -> LoweredOperation.Launch {
    // 5: the logistic function.
    activate(operands.buffer(.headGates, layer), operands.buffer(.attended, layer), 5)
  }
}

extension NormDescription.Kind {
  /// As kernels name it.
  fileprivate var number: Int32 { self == .rms ? 1 : 2 }
}
