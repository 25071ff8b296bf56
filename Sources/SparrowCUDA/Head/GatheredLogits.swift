import SparrowEngine

/// Logits of a few vocabulary rows, taken out of all of a row: copying those costs less than a
/// launch for few.
final class GatheredLogits {
  /// Vocabulary rows that are gathered at once.
  static let limit = 256

  private let ids = UnsafeMutableBufferPointer<Int32>.allocate(capacity: limit)
  private let logits = UnsafeMutableBufferPointer<Float>.allocate(capacity: limit)

  deinit {
    ids.deallocate()
    logits.deallocate()
  }

  /// `rows` of `all`, which are the logits of a row of the step, `[vocabulary]`.
  func take(_ rows: [Int32], row: Int, of all: UnsafeBufferPointer<Float>) -> HeadOutput {
    precondition(rows.count <= Self.limit, "more logits than are gathered at once")
    for (index, id) in rows.enumerated() {
      ids.initializeElement(at: index, to: id)
      logits.initializeElement(at: index, to: all[Int(id)])
    }
    return HeadOutput(
      row: row, ids: UnsafeBufferPointer(rebasing: ids[..<rows.count]),
      logits: UnsafeBufferPointer(rebasing: logits[..<rows.count]))
  }
}
