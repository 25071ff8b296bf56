import SparrowBlocks
public import SparrowCore
public import SparrowFormats

/// Where a matrix lies in its checkpoint.
public struct WeightSource: Sendable, Equatable {
  public let entry: TensorEntry
  /// The tensor's rows that are this matrix: all, or those of one part of a fused tensor.
  public let rows: RowRuns
  public let columns: Int
  /// Stored `[columns, all rows]`.
  public let transposed: Bool

  let isMatrix: Bool

  /// Bytes that the rows take in the file.
  public var byteCount: Int { entry.byteCount / max(1, entry.elementCount / columns) * rows.count }
}

/// A checkpoint's tensors by their roles, every shape checked against the configuration.
public struct WeightBinding: Sendable {
  public let checkpoint: Checkpoint
  public let configuration: ModelConfiguration
  /// The roles that are bound, in the order in which a step reads them.
  public let roles: [WeightRole]
  private let sources: [WeightRole: WeightSource]

  /// Binds every role that the configuration needs. Throws `.malformed` for a missing tensor,
  /// `.mismatch` for a wrong shape, and `.unsupported` for tensors left over: Sparrow never ignores
  /// weights silently.
  public init(
    checkpoint: Checkpoint, configuration: ModelConfiguration
  ) throws(SparrowError) {
    self.checkpoint = checkpoint
    self.configuration = configuration
    let names =
      checkpoint.kind == .gguf
      ? WeightNames.gguf(configuration)
      : WeightNames.huggingFace(configuration)
    let weights = configuration.expectedWeights
    var binder = WeightBinder(
      checkpoint: checkpoint, names: names, configuration: configuration,
      layouts: FusedLayouts(configuration, names))
    for (role, shape, presence) in weights {
      try binder.bind(role, shape: shape, presence: presence)
    }
    try binder.refuseLeftovers(tiedHead: configuration.tiedHead)
    sources = binder.sources
    roles = weights.map(\.role).filter { binder.sources[$0] != nil }
  }

  /// True for matrices, false for norm weights and biases.
  public func isMatrix(_ role: WeightRole) -> Bool { sources[role]?.isMatrix ?? false }

  /// nil for an optional tensor (a bias) that the checkpoint lacks.
  public subscript(role: WeightRole) -> WeightSource? { sources[role] }

  /// The matrix that computes logits.
  public var headRole: WeightRole { configuration.headRole }

  /// The matrix of a role that the configuration needs.
  public func matrix(_ role: WeightRole) -> WeightSource {
    guard let source = sources[role] else { preconditionFailure("unbound role \(role)") }
    return source
  }

  /// A norm weight or bias as float32; nil when the checkpoint has none. Throws `.malformed` for
  /// what is no number.
  public func vector(_ role: WeightRole) throws(SparrowError) -> [Float]? {
    guard let source = sources[role] else { return nil }
    let values = try checkpoint.floats(source.entry)
    guard values.allSatisfy(\.isFinite) else {
      throw SparrowError(
        .malformed, file: checkpoint.path, field: source.entry.name,
        found: "an element that is no number", expected: "finite ones; is the file damaged?")
    }
    return (0..<source.rows.count).map { values[source.rows[$0]] }
  }
}

/// Whether a checkpoint must have a tensor.
package enum WeightPresence { case required, optional }

private struct WeightBinder {
  let checkpoint: Checkpoint
  let names: WeightNames
  let configuration: ModelConfiguration
  let layouts: FusedLayouts
  let prefix: String
  var sources: [WeightRole: WeightSource] = [:]
  var bound: Set<String> = []

  init(
    checkpoint: Checkpoint, names: WeightNames, configuration: ModelConfiguration,
    layouts: FusedLayouts
  ) {
    self.checkpoint = checkpoint
    self.names = names
    self.configuration = configuration
    self.layouts = layouts
    let first = names[.tokenEmbedding]!.pattern
    prefix = names.prefixes.first { checkpoint[$0 + first] != nil } ?? names.prefixes[0]
  }

  mutating func bind(
    _ role: WeightRole, shape: [Int], presence: WeightPresence
  ) throws(SparrowError) {
    guard let name = names[configuration.storedRole(of: role).kind] else { return }
    let bare = name.pattern.replacing(
      "{}", with: role.layer.map(String.init) ?? "")
    let old = name.oldPattern.flatMap { checkpoint[$0] }
    guard let entry = checkpoint[prefix + bare] ?? checkpoint[bare] ?? old else {
      if presence == .optional { return }
      throw SparrowError(
        .malformed, file: checkpoint.path, field: prefix + bare, found: "no such tensor",
        expected: "the \(role) of shape \(shape)")
    }
    let layout = layouts[role] ?? (total: shape[0], rows: RowRuns(length: shape[0]))
    var stored = [layout.total] + shape.dropFirst()
    let transposed = names.transposed && shape.count == 2 && role.layer != nil
    if transposed { stored.reverse() }
    // Norms of single heads may lie as [heads, elements].
    let isFlat = role.kind.isNormWeight && entry.elementCount == shape[0]
    guard entry.shape == stored || isFlat else {
      throw SparrowError(
        .mismatch, file: checkpoint.path, field: entry.name, found: "shape \(entry.shape)",
        expected: "\(stored)")
    }
    if shape.count == 1 || transposed, !entry.type.isFloat {
      throw SparrowError(
        .unsupported, file: checkpoint.path, field: entry.name, found: entry.type.rawValue,
        expected: "f32, f16 or bf16")
    }
    bound.insert(entry.name)
    sources[role] = WeightSource(
      entry: entry, rows: layout.rows, columns: shape.count == 2 ? shape[1] : 1,
      transposed: transposed, isMatrix: shape.count == 2)
  }

  func refuseLeftovers(tiedHead: Bool) throws(SparrowError) {
    let heads = [names[.head]?.pattern, names[.head]?.oldPattern].compactMap { $0 }
    for entry in checkpoint.tensors where !bound.contains(entry.name) {
      if tiedHead, heads.contains(where: entry.name.hasSuffix) { continue }
      if names.ignoredSuffixes.contains(where: entry.name.hasSuffix) { continue }
      if names.ignoredPrefixes.contains(where: entry.name.hasPrefix) { continue }
      throw SparrowError(
        .unsupported, file: checkpoint.path, field: entry.name, found: "a tensor without a role",
        expected: "only tensors of the architecture that the configuration names")
    }
  }
}

extension ElementType {
  var isFloat: Bool { [.f64, .f32, .f16, .bf16].contains(self) }
}
