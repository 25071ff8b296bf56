/// When the heads of a multi-head layer make the keys and values of positions that they were
/// skipped at.
///
/// Deja Vu makes all heads catch up at once at every 16th token (`mha_dejavu.py`); here each head
/// has its own turn, so that no token pays for all.
package enum CatchUp {
  /// Positions that a head may lack, the current one included.
  package static let positions = 16

  /// Whether a head makes its keys and values now: where it is selected, or its turn has come.
  package static func makesKeys(_ head: Int, at position: Int, isSelected: Bool) -> Bool {
    isSelected || (position + head) % positions == 0
  }
}
