/// When the heads of a multi-head layer make the keys and values of positions that they were
/// skipped at.
///
/// Deja Vu makes all heads catch up at once at every 16th token (`mha_dejavu.py`); here each head
/// has its own turn, so that no token pays for all.
package enum CatchUp {
  /// Positions that a head may lack, the current one included.
  package static let positions = 16

  /// Whether it is this head's turn.
  package static func isDue(_ head: Int, at position: Int) -> Bool {
    (position + head) % positions == 0
  }
}
