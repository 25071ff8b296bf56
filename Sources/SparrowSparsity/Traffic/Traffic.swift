public import SparrowTransformer

/// The bytes of weights that a program's operations read for one token: one count for what is
/// printed and for what is measured.
public struct Traffic {
  /// Bytes of one operation.
  public struct Bytes: Sendable, Equatable {
    /// What it reads; nil if unknown.
    public var read: Int?
    /// What its dense form reads.
    public var dense: Int
    /// It reads but a part of that.
    public var isPart: Bool
  }

  private let plan: SparsePlan
  private let sizes: any WeightSizes
  private let model: ModelConfiguration
  private let touched: Touched

  /// `touched` is what the plan says itself where it is not measured.
  public init(
    _ plan: SparsePlan, _ model: ModelConfiguration, _ sizes: any WeightSizes,
    touched: Touched? = nil
  ) {
    self.plan = plan
    self.sizes = sizes
    self.model = model
    self.touched = touched ?? plan.touched(model)
  }

  /// Bytes that a token reads of a whole program; of operations whose reading is unknown, their
  /// dense bytes.
  public func total(_ program: StepProgram) -> Int {
    program.operations.reduce(0) {
      let bytes = self.bytes(of: $1)
      return $0 + (bytes.read ?? bytes.dense)
    }
  }

  /// Bytes that a token reads of one operation, which must be of a program that the plan rewrote.
  public func bytes(of operation: Operation) -> Bytes {
    let layer = operation.layer
    func all(_ kinds: [WeightRole.Kind]) -> Int {
      kinds.reduce(0) { $0 + (sizes.byteCount(of: WeightRole($1, layer: layer)) ?? 0) }
    }
    func whole(_ bytes: Int) -> Bytes { Bytes(read: bytes, dense: bytes, isPart: false) }
    func part(_ bytes: Double?, of kinds: [WeightRole.Kind]) -> Bytes {
      Bytes(read: bytes.map { Int($0) }, dense: all(kinds), isPart: true)
    }
    /// What only sparse operations read.
    func extra(_ bytes: Int) -> Bytes { Bytes(read: bytes, dense: 0, isPart: false) }
    switch operation.kind {
    case .embed(_, let positions):
      let table = sizes.rowBytes(of: WeightRole(.tokenEmbedding))
      return whole(table + (positions ? sizes.rowBytes(of: WeightRole(.positionEmbedding)) : 0))
    case .addPositions: return whole(sizes.rowBytes(of: WeightRole(.positionEmbedding)))
    case .addTokenType: return whole(sizes.rowBytes(of: WeightRole(.tokenTypeEmbedding)))
    case .norm(_, let weight, _, _), .multiply(let weight, _, _, _), .scale(let weight, _):
      return whole(all([weight]))
    case .project: return whole(all(LayerInput.attention.matrices))
    case .normHeads: return whole(all([.queryNorm, .keyNorm]))
    case .feedForward: return whole(all([.gate, .up, .down]))
    case .multiplyLarge(let input, _, _, _):
      let source = InputSource(layer: layer!, input: input)
      return part(
        touched.inputs[source].map { columns(source.roles, $0) }, of: input.matrices)
    case .predictHeads: return extra(plan.attention[layer!]?.predictorBytes ?? 0)
    case .projectHeads:
      let heads = touched.attention[layer!]
      // Heads that are selected by their results have all been computed.
      let isOracle = plan.attention[layer!]?.maps == nil
      return part(
        heads.map {
          (isOracle ? 1 : $0.selected) * Double(all([.query])) + $0.made
            * Double(all([.key, .value]))
        }, of: [.query, .key, .value])
    case .sparseOutput:
      return part(
        touched.attention[layer!].map {
          let (all, always) = sizes.columnBytes(of: WeightRole(.output, layer: layer))
          return $0.selected * Double(all + always)
        }, of: [.output])
    case .predict:
      let own = plan.networks[layer!]
      return extra((own?.predictorBytes ?? 0) + all(own?.readWhole ?? []))
    case .sparseFeedForward:
      return part(
        touched.networks[layer!].map { network(plan.networks[layer!]!, layer!, $0) },
        of: [.gate, .up, .down])
    case .head: return whole(sizes.byteCount(of: model.headRole) ?? 0)
    case .sketch: return extra(plan.head?.sketch.byteCount ?? 0)
    case .exact:
      let rows = touched.headRows ?? Double(model.vocabulary)
      return extra(Int(rows) * sizes.rowBytes(of: model.headRole))
    case .activate, .rotate, .append, .attend, .gateHeads, .selectHeads, .keepInput, .appendHeads,
      .attendHeads, .select, .add, .candidates:
      return whole(0)
    }
  }

  /// What a network reads besides what its predictor has read whole.
  private func network(_ plan: FeedForwardPlan, _ layer: Int, _ neurons: Touched.Neurons) -> Double
  {
    let network = model.layers[layer].feedForward
    let rows: [WeightRole.Kind] = network.gated ? [.gate, .up] : [.up]
    // Up is read for neurons whose gate fires alone where that is known before: nearly those whose
    // column is read.
    let others = plan.readsGatesFirst(network) ? neurons.columns : neurons.selected
    var bytes = 0.0
    for (index, kind) in rows.enumerated() where !plan.readWhole.contains(kind) {
      let part = index == 0 ? neurons.selected : others
      let row = sizes.rowBytes(of: WeightRole(kind, layer: layer))
      bytes += part * Double(network.width) * Double(row)
    }
    let down = WeightRole(.down, layer: layer)
    return bytes
      + (plan.readsDownWhole
        ? Double(sizes.byteCount(of: down) ?? 0) : columns([down], neurons.columns))
  }

  /// A part of the columns of matrices that read one input.
  private func columns(_ roles: [WeightRole], _ part: Double) -> Double {
    roles.reduce(0) { sum, role in
      guard sizes.byteCount(of: role) != nil else { return sum }
      let (all, always) = sizes.columnBytes(of: role)
      return sum + part * Double(all) + Double(always)
    }
  }
}
