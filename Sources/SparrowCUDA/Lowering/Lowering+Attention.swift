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
    let argument = operands.heads(attention, layer)
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

  mutating func attend(_ operation: Operation, _ attention: AttentionDescription) {
    let layer = operation.layer!
    operations.append(
      LoweredOperation(
        operation,
        observed: .init(
          .attention, input: operands.buffers[projected],
          result: operands.buffer(.attended, layer)),
        launch: operands.attend(
          attention, layer, making: operands.heads(attention, layer))))
  }

  func gateHeads(_ layer: Int) -> LoweredOperation.Launch {
    // 5: the logistic function.
    activate(operands.buffer(.headGates, layer), operands.buffer(.attended, layer), 5)
  }
}
