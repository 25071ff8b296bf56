import CSparrowCUDA

extension TestKernels {
  /// Kernels whose constants decide what they do.
  static let made: [String: @Sendable (_ constants: [String: Int]) -> Kernel] = [
    "lean": { constants in kernel { (a: scu_lean, _) in LeanStep(a, constants).run() } }
  ]
}

/// A lean step, phase by phase; words have no dates where one thread runs all.
private struct LeanStep {
  let a: scu_lean
  let constants: [String: Int]
  let phases: UnsafeMutablePointer<scu_lean_phase>
  let words: UnsafeMutablePointer<UInt64>
  let hidden, heads, dimension: Int
  let position: Int

  init(_ a: scu_lean, _ constants: [String: Int]) {
    self.a = a
    self.constants = constants
    phases = TestDriver.memory(a.phases).assumingMemoryBound(to: scu_lean_phase.self)
    words = TestDriver.memory(a.words).assumingMemoryBound(to: UInt64.self)
    (hidden, heads, dimension) = (constants["HIDDEN"]!, constants["HEADS"]!, constants["HEAD"]!)
    position = Int(TestKernels.row(a.row, 0).position)
  }

  private func has(_ name: String) -> Bool { constants[name]! != 0 }

  private func take(_ first: Int, _ count: Int) -> [Float] {
    (first..<first + count).map { Float(bitPattern: UInt32(truncatingIfNeeded: words[$0])) }
  }

  private func leave(_ first: Int, _ values: [Float]) {
    for (index, value) in values.enumerated() { words[first + index] = UInt64(value.bitPattern) }
  }

  func run() {
    var stream = TestKernels.weights(a.tokens, Int(TestKernels.row(a.row, 0).token)).map {
      $0 * a.embedding_scale
    }
    if has("HAS_POSITIONS") {
      let row = TestKernels.weights(a.positions, position + Int(a.position_offset))
      for index in stream.indices { stream[index] += row[index] }
    }
    for index in 0..<constants["PHASES"]! {
      let phase = phases[index]
      if phase.kind == Int32(SCU_LEAN_HEADS.rawValue) {
        attend(phase)
        continue
      }
      if phase.adds != Int32(SCU_LEAN_NOTHING.rawValue) {
        var taken = take(Int(phase.taken), hidden)
        if has("POST_NORMS") { taken = norm(taken, phase, phase.norms.2, phase.norms.3) }
        for index in stream.indices { stream[index] += taken[index] }
      }
      let input: [Float] =
        switch scu_lean_makes(UInt32(phase.makes)) {
        case SCU_LEAN_NORM: norm(stream, phase, phase.norms.0, phase.norms.1)
        case SCU_LEAN_STREAM: stream
        case SCU_LEAN_TAKEN: take(Int(phase.taken), Int(phase.columns))
        default: take(Int(a.attended), Int(phase.columns))
        }
      if phase.kind == Int32(SCU_LEAN_RESULT.rawValue) {
        TestKernels.floats(a.output).update(from: input, count: hidden)
      } else {
        multiply(phase, input)
      }
    }
  }

  private func norm(
    _ x: [Float], _ phase: scu_lean_phase, _ weight: UInt64, _ bias: UInt64
  ) -> [Float] {
    x.withUnsafeBufferPointer { x in
      var norm = scu_norm()
      norm.input = scu_address(UInt(bitPattern: x.baseAddress))
      (norm.weight, norm.bias) = (weight, bias)
      (norm.input_width, norm.width) = (Int32(hidden), Int32(hidden))
      norm.is_rms = has("IS_RMS") ? 1 : 0
      (norm.epsilon, norm.offset) = (phase.epsilon, phase.offset)
      return TestKernels.normed(norm, 0)
    }
  }

  private func multiply(_ phase: scu_lean_phase, _ input: [Float]) {
    let matrices = withUnsafeBytes(of: phase.of.matrices) {
      Array($0.bindMemory(to: scu_lean_matrix.self).prefix(Int(phase.count)))
    }
    var results = matrices.map { matrix in
      let rows = Int(matrix.rows)
      return [Float](unsafeUninitializedCapacity: rows) { values, count in
        var staged = scu_staged()
        staged.multiply.count = 1
        staged.multiply.rows = 1
        staged.multiply.products.0 = scu_product(
          matrix: scu_matrix(
            weights: matrix.weights, format: Int32(constants["FORMAT"]!), rows: matrix.rows,
            columns: phase.columns, stride: phase.stride), bias: matrix.bias,
          output: scu_address(UInt(bitPattern: values.baseAddress)), width: matrix.rows,
          first_tile: 0)
        staged.multiply.x.stride = (phase.columns + 127) / 128 * 128
        staged.multiply.x.is_half = constants["FORMAT"]! == Int(SCU_BF16.rawValue) ? 0 : 1
        staged.norm.width = phase.columns
        input.withUnsafeBufferPointer {
          staged.norm.input = scu_address(UInt(bitPattern: $0.baseAddress))
          TestKernels.multiplyStaged(staged)
        }
        count = rows
      }
    }
    if phase.makes_neurons != 0 {
      let activation = Int32(constants["ACTIVATION"]!)
      results[0] = results[0].map { TestKernels.activated(activation, $0) }
      if has("IS_GATED") { results = [zip(results[0], results[1]).map { $0 * $1 }] }
    }
    for (matrix, result) in zip(matrices, results) { leave(Int(matrix.output), result) }
  }

  /// Heads' results, joined here already.
  private func attend(_ phase: scu_lean_phase) {
    let keyHeads = Int(a.heads.key_heads)
    var made = take(Int(phase.taken), (heads + 2 * keyHeads) * dimension)
    let parts = position / Int(SCU_SPLIT) + 1
    var output = [Float](repeating: 0, count: heads * dimension)
    var states = [Float](repeating: 0, count: heads * parts * (dimension + 2))
    let own = phase.of.heads
    var (head, attend) = (a.heads, a.attend)
    head.rows_of_step = a.row
    (head.query_norm, head.key_norm, head.turns) = (own.query_norm, own.key_norm, own.turns)
    (head.plane, head.rotary, head.interleaved) = (own.plane, own.rotary, own.interleaved)
    (attend.window, attend.plane, attend.splits) = (own.window, own.plane, Int32(parts))
    attend.rows_of_step = a.row
    made.withUnsafeMutableBufferPointer { made in
      let start = scu_address(UInt(bitPattern: made.baseAddress))
      head.query = start
      head.key = start + UInt64(4 * heads * dimension)
      head.value = head.key + UInt64(4 * keyHeads * dimension)
      for index in 0..<heads + 2 * keyHeads { TestKernels.prepareHead(head, 0, index) }
      attend.query = start
      output.withUnsafeMutableBufferPointer { output in
        states.withUnsafeMutableBufferPointer { states in
          attend.output = scu_address(UInt(bitPattern: output.baseAddress))
          attend.parts = scu_address(UInt(bitPattern: states.baseAddress))
          for index in 0..<heads {
            for part in 0..<parts { TestKernels.attendPart(attend, 0, part, index) }
            if parts > 1 { TestKernels.join(attend, 0, 0, index, output.baseAddress!) }
          }
        }
      }
    }
    leave(Int(a.attended), output)
  }
}
