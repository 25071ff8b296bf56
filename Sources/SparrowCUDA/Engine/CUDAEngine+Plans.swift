import SparrowCore
import SparrowEngine
package import SparrowSparsity
import SparrowTransformer

/// What an installed plan has on the device.
struct SparseParts {
  var networks: SparseNetworks?
  var attention: SparseAttention?
  var inputs: SparseInputs?
  var search: SketchSearch?

  var layers: [any SparsePart] {
    let all: [(any SparsePart)?] = [networks, attention, inputs]
    return all.compactMap { $0 }
  }
}

extension CUDAEngine {
  /// Copies matrices by columns on the device where new parts read columns.
  package func install(_ plan: SparsePlan) {
    wait()
    attempt { () throws(SparrowError) in
      if plan.head != self.plan.head {
        parts.search = nil
        if let head = plan.head { parts.search = try SketchSearch(head, operands) }
      }
      // Old parts go before new ones want memory.
      if plan.networks != self.plan.networks {
        parts.networks = nil
        parts.networks = try SparseNetworks(plan, operands)
      }
      if plan.attention != self.plan.attention {
        parts.attention = nil
        parts.attention = try SparseAttention(plan, operands)
      }
      if plan.inputs != self.plan.inputs {
        parts.inputs = nil
        parts.inputs = try SparseInputs(plan, operands)
      }
    }
    use(plan)
  }

  package func use(_ plan: SparsePlan) {
    wait()
    graphs.clear()
    self.plan = plan
    sparse = nil
    attempt { () throws(SparrowError) in
      for part in parts.layers { try part.use(plan) }
      guard plan.hasSparseLayers else { return }
      sparse = try Lowering(plan.rewrite(StepProgram(model)), operands, parts: parts.layers)
    }
  }

  package var touched: Touched {
    var touched = Touched()
    wait()
    attempt { () throws(SparrowError) in
      for part in parts.layers { try part.note(in: &touched) }
      touched.headRows = try parts.search?.rowsPerCall()
    }
    return touched
  }

  package func neuronScores(layer: Int) -> [Float] {
    var scores: [Float] = []
    wait()
    attempt { () throws(SparrowError) in
      scores = try parts.networks?.scores(layer: layer, row: 0) ?? []
    }
    return scores
  }
}
