import CSparrowCUDA
import SparrowCore
import SparrowTransformer

extension Operands {
  /// What heads are normed and turned by, and where they lie.
  func heads(_ attention: AttentionDescription, _ layer: Int) -> scu_heads {
    let (query, key) = (buffer(.query, layer), buffer(.key, layer))
    let value = buffer(.value, layer)
    let width = Int32(attention.headDimension)
    var argument = scu_heads()
    argument.rows_of_step = inputs.rows
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
      argument.query_norm = vector(.queryNorm, layer)
      argument.key_norm = vector(.keyNorm, layer)
      (argument.epsilon, argument.offset) = (norm.epsilon, norm.weightOffset)
    }
    if let norm = attention.valueNorm {
      (argument.norms_value, argument.value_epsilon) = (norm.kind.number, norm.epsilon)
    }
    argument.turns = inputs.turns(attention.rotary)
    argument.turn_stride = Int32(inputs.turnStride)
    argument.rotary = Int32(attention.rotary?.dimension ?? 0)
    argument.interleaved = attention.rotary?.interleaved == true ? 1 : 0
    argument.plane = plane(layer)
    return argument
  }

  /// Rows from which keys are brought once for many of them.
  private static let many = 8

  /// Elements of a page before a layer's keys.
  private func plane(_ layer: Int) -> UInt64 {
    UInt64(Int(SCU_PAGE) * model.cacheElements(before: layer))
  }

  /// What attention does with heads, wherever they lie.
  func attended(_ attention: AttentionDescription, _ layer: Int) -> scu_attend {
    var argument = scu_attend()
    argument.rows_of_step = inputs.rows
    argument.heads = Int32(attention.heads)
    argument.key_heads = Int32(attention.keyValueHeads)
    argument.head_dimension = Int32(attention.headDimension)
    argument.window = Int32(attention.window)
    (argument.scale, argument.softcap) = (attention.scale, attention.softcap)
    argument.plane = plane(layer)
    return argument
  }

  /// Attention over the cache; of head groups whose bit is set at `marks`, where that is not 0.
  ///
  /// Steps that decode make `heads` with it: their queries, keys and values.
  func attend(
    _ attention: AttentionDescription, _ layer: Int, making heads: scu_heads? = nil,
    marks: scu_address = 0, query: DeviceRows? = nil, into output: DeviceRows? = nil
  ) -> LoweredOperation.Launch {
    let query = query ?? buffer(.query, layer)
    let output = output ?? buffer(.attended, layer)
    var argument = attended(attention, layer)
    (argument.query, argument.output) = (query.address, output.address)
    (argument.marks, argument.parts) = (marks, buffers.parts.address)
    (argument.query_width, argument.output_width) = (Int32(query.width), Int32(output.width))
    let rowBytes = 4 * attention.heads * (attention.headDimension + 2)
    let room = buffers.parts.byteCount / rowBytes
    return { [self, argument] shape throws(SparrowError) in
      var own = argument
      own.cache_type = shape.cacheType
      own.splits = Int32(shape.splits)
      let most = shape.splits == 1 ? shape.rows : max(room / shape.splits, 1)
      for first in stride(from: 0, to: shape.rows, by: most) {
        let rows = min(most, shape.rows - first)
        (own.first_row, own.rows) = (Int32(first), Int32(rows))
        let grid = CUDAKernel.Shape(
          grid: attention.heads, shape.splits, rows, block: Int(SCU_SPLIT), startsEarly: true)
        if shape.isDecode, var made = heads {
          made.cache_type = shape.cacheType
          let isAhead =
            attention.headDimension % 8 == 0 && shape.type == .f16
            && attention.heads * shape.splits * rows <= 2 * multiprocessors
          try (isAhead ? kernels.decodeAhead : kernels.decode).launch(
            grid, scu_decode(heads: made, attend: own))
        } else if let many = kernels.attendRows, rows >= Self.many, own.marks == 0,
          attention.headDimension % 4 == 0
        {
          let blocks = (rows + StepKernels.attendedRows - 1) / StepKernels.attendedRows
          try many.launch(
            .init(
              grid: attention.heads, shape.splits, blocks, block: StepKernels.attendedThreads,
              startsEarly: true), own)
        } else {
          try kernels.attend.launch(grid, own)
        }
        guard shape.splits > 1 else { continue }
        let width = (attention.headDimension + 31) / 32 * 32
        try kernels.join.launch(
          .init(grid: attention.heads, rows, block: min(width, 256), startsEarly: true), own)
      }
    }
  }
}

extension NormDescription.Kind {
  /// As kernels name it.
  fileprivate var number: Int32 { self == .rms ? 1 : 2 }
}
