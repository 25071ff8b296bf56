internal import CSparrowKernels

/// The keys and values of 64 adjacent positions of a sequence, of all its layers.
///
/// Sequences with equal beginnings share the pages that hold them. With the last reference to a
/// page its memory goes back to its pool.
package final class CachePage: @unchecked Sendable {
  /// How the entries of a page's positions, and of all before them, were made.
  package enum Origin: Sendable {
    /// By dense steps, as a prompt's are: the same bits for every sequence of these tokens.
    case dense
    /// Some by sparse steps: equal texts have other bits where other steps made them.
    case sparse
    /// As `sparse`, and heads that steps skipped may lack theirs: no other sequence may have it.
    case deferred
  }

  /// Positions of a page.
  package static let positions = Int(SK_ATTEND_KEYS)

  package let pool: PagePool
  /// Its place in the memory of its pool.
  package let place: Int
  /// nil until all its positions are filled.
  package internal(set) var origin: Origin?

  /// All its positions, and all before them, were filled by dense steps.
  package var isDense: Bool { origin == .dense }

  /// Another sequence may begin with it, and with all pages before it.
  package var isShareable: Bool { origin == .dense || origin == .sparse }

  init(pool: PagePool, place: Int) {
    self.pool = pool
    self.place = place
  }

  deinit { pool.take(back: place) }

  /// Pages that so many positions take.
  package static func count(for positions: Int) -> Int {
    positions / Self.positions + (positions % Self.positions > 0 ? 1 : 0)
  }
}
