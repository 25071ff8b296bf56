internal import CSparrowCUDA
import SparrowCore

/// One layer of a synthetic step in float64.
struct LayerOracle {
  let shape: SyntheticShape
  let offsets: scu_layer
  let part: HostPart

  static func norm(
    _ x: [Double], _ shape: SyntheticShape, _ part: HostPart, weight: Int, bias: Int?
  ) -> [Double] {
    let mean = shape.style == .llama ? 0 : x.reduce(0, +) / Double(x.count)
    let variance = x.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(x.count)
    let scale = 1 / (variance + 1e-5).squareRoot()
    return x.indices.map { i in
      let y = (x[i] - mean) * scale * part.bfloat(weight, i)
      return bias.map { y + part.bfloat($0, i) } ?? y
    }
  }

  /// A bias of the layer; 0 where the shape has none.
  private func bias(_ offset: UInt64, _ index: Int) -> Double {
    offset == 0 ? 0 : part.float(Int(offset), index)
  }

  private func norm(_ x: [Double], _ weight: UInt64, _ bias: UInt64) -> [Double] {
    Self.norm(x, shape, part, weight: Int(weight), bias: bias == 0 ? nil : Int(bias))
  }

  func attend(
    _ stream: inout [Double], _ selection: LayerSelection, _ layer: Int, _ cache: HostPart,
    _ ends: HostPart, _ model: SyntheticModel
  ) {
    let x = norm(stream, offsets.norm, offsets.norm_bias)
    let head = shape.headDimension
    let group = shape.heads / shape.keyHeads
    let scale = 1 / Double(head).squareRoot()
    for keyHead in selection.headGroups {
      var rows = (0..<group + 2).map { member in
        (0..<head).map { element in
          let row = (keyHead * (group + 2) + member) * head + element
          return part.dot(Int(offsets.projections), row, x, shape.format)
            + bias(offsets.projections_bias, row)
        }
      }
      if let cosine = model.layout.end(\.cosine), let sine = model.layout.end(\.sine) {
        for member in 0...group { rows[member] = turned(rows[member], ends, cosine, sine) }
      }
      let own = rows[group...].map { $0.map(halfRounded) }
      /// An element of a key (0) or value (1) of the cache, or of the row's own.
      func cached(_ which: Int, _ position: Int, _ element: Int) -> Double {
        guard position < model.context else { return own[which][element] }
        let page = Int(SCU_PAGE)
        let plane = (layer * 2 + which) * shape.keyHeads + keyHead
        return cache.half(
          position / page * model.layout.pageBytes,
          (plane * page + position % page) * head + element)
      }
      for query in 0..<group {
        let scores = (0...model.context).map { position in
          (0..<head).reduce(0) { $0 + rows[query][$1] * cached(0, position, $1) } * scale
        }
        let weights = softmax(scores)
        let attended = (0..<head).map { element in
          weights.indices.reduce(0) { $0 + weights[$1] * cached(1, $1, element) }
        }
        for row in 0..<shape.width {
          stream[row] += part.dot(
            Int(offsets.output), (keyHead * group + query) * shape.width + row, attended,
            shape.format)
        }
      }
    }
    for row in 0..<shape.width { stream[row] += bias(offsets.output_bias, row) }
  }

  private func turned(_ x: [Double], _ ends: HostPart, _ cosine: Int, _ sine: Int) -> [Double] {
    let half = x.count / 2
    return x.indices.map { i in
      let c = ends.float(cosine, i % half)
      let s = ends.float(sine, i % half)
      return i < half ? x[i] * c - x[i + half] * s : x[i - half] * s + x[i] * c
    }
  }

  private func softmax(_ scores: [Double]) -> [Double] {
    let most = scores.max()!
    let weights = scores.map { exponential($0 - most) }
    let total = weights.reduce(0, +)
    return weights.map { $0 / total }
  }

  func runNetwork(_ stream: inout [Double], _ selection: LayerSelection) {
    let x = norm(stream, offsets.network_norm, offsets.network_norm_bias)
    for neuron in 0..<shape.neurons where selection.neurons[neuron] {
      let up = part.dot(Int(offsets.up), neuron, x, shape.format) + bias(offsets.up_bias, neuron)
      let y: Double
      if shape.isGated {
        let gate = part.dot(Int(offsets.gate), neuron, x, shape.format)
        y = gate / (1 + exponential(-gate)) * up
      } else {
        y = max(up, 0)
      }
      let down = part.row(Int(offsets.down), neuron, shape.width, shape.format)
      for row in 0..<shape.width { stream[row] += down[row] * y }
    }
    for row in 0..<shape.width { stream[row] += bias(offsets.down_bias, row) }
  }
}
