import CSparrowCUDA
import SparrowBlocks
import SparrowEngine
import SparrowSparsity
import SparrowTransformer

extension LeanShape {
  /// What a phase of one kernel takes less than its launches, on an H200; in seconds.
  private static let saving = 3e-6
  /// Part of the bandwidth that phases of small models reach at most.
  private static let share = 0.5

  /// Whether a small model's layers are to lie as halves: they come in blocks of several formats,
  /// of which one kernel knows one, and launches would take longer than reading more does.
  ///
  /// `bandwidth` in bytes a second; 0 where nobody knows it.
  static func wantsHalves(
    _ binding: WeightBinding, _ updates: WeightUpdates, bandwidth: Double
  ) -> Bool {
    let model = binding.configuration
    guard fits(model) else { return false }
    var formats: Set<Int32> = []
    var more = 0
    for layer in model.layers.indices {
      for role in kinds(model).map({ WeightRole($0, layer: layer) }) {
        let type = WeightRows.type(of: role, binding, isUpdated: updates.matrices[role] != nil)
        let source = binding.matrix(role)
        guard let ggml = type.ggml, type == .f16 || type.blockElements > 1,
          let own = scu_matrix(ggml, rows: source.rows.count, columns: source.columns)
        else { return false }
        formats.insert(own.format)
        more += 2 * source.rows.count * source.columns - own.byteCount
      }
    }
    let saved = Double(phaseCount(model)) * saving
    return formats.count > 1 && (bandwidth == 0 || Double(more) / (bandwidth * share) < saved)
  }
}
