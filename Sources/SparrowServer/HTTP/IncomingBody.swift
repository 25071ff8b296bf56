/// A request's body as it comes, kept while it is small enough and memory for bodies is left.
struct IncomingBody {
  /// What is kept of it: all or nothing.
  private(set) var bytes: [UInt8] = []
  /// Bytes that have come, kept or not.
  private(set) var count = 0
  /// Why it is not kept.
  private(set) var refusal: APIError?
  private let limit: Int
  private let budget: BodyBudget

  /// A body of at most `limit` bytes.
  init(limit: Int, in budget: BodyBudget) {
    self.limit = limit
    self.budget = budget
  }

  mutating func add(_ part: some Collection<UInt8>) {
    count += part.count
    guard refusal == nil else { return }
    if count > limit {
      refusal = .tooLarge(limit)
    } else if !budget.grow(from: bytes.count, to: count) {
      refusal = .bodiesFull
    } else {
      return bytes.append(contentsOf: part)
    }
    release()
  }

  /// Lets its memory go.
  mutating func release() {
    budget.release(bytes.count)
    bytes = []
  }
}
