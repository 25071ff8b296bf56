/// One token that may be chosen.
struct Choice {
  var logit: Float
  var token: Int32

  /// A total order: by logit, equal ones by token, lowest first.
  static func isLikelier(_ a: Choice, _ b: Choice) -> Bool {
    a.logit != b.logit ? a.logit > b.logit : a.token < b.token
  }

  /// Makes a heap of `choices`, the least likely at its root. O(n), in place.
  static func makeHeap(_ choices: inout [Choice]) {
    for root in stride(from: choices.count / 2 - 1, through: 0, by: -1) {
      sink(&choices, from: root, count: choices.count)
    }
  }

  /// Sorts, likeliest first. O(n log n), in place: the library's sort allocates beyond 64 elements.
  static func sort(_ choices: inout [Choice]) {
    makeHeap(&choices)
    for end in stride(from: choices.count - 1, to: 0, by: -1) {
      choices.swapAt(0, end)
      sink(&choices, from: 0, count: end)
    }
  }

  /// Restores the heap of the first `count` choices after the one at `start` grew likelier.
  static func sink(_ choices: inout [Choice], from start: Int, count: Int) {
    choices.withUnsafeMutableBufferPointer { heap in
      var root = start
      while true {
        var child = 2 * root + 1
        guard child < count else { return }
        if child + 1 < count, isLikelier(heap[child], heap[child + 1]) { child += 1 }
        guard isLikelier(heap[root], heap[child]) else { return }
        heap.swapAt(root, child)
        root = child
      }
    }
  }
}
