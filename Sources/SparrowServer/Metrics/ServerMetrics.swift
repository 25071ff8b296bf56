import Synchronization

/// What the server has counted of its requests.
final class ServerMetrics: Sendable {
  private struct Kind: Hashable {
    let route: String
    let status: Int
  }

  private struct State {
    var requests: [Kind: Int] = [:]
    var firstToken = Histogram([0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60])
    var perToken = Histogram([0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1])
  }

  private let state = Mutex(State())

  /// A request was answered; a stream when its head was.
  func count(route: String, status: Int) {
    state.withLock { $0.requests[Kind(route: route, status: status), default: 0] += 1 }
  }

  /// A choice ended: seconds to its first token, and seconds of the others.
  func note(firstToken: Double, others: Double, tokens: Int) {
    guard tokens > 0 else { return }
    state.withLock { state in
      state.firstToken.add(firstToken)
      if tokens > 1 { state.perToken.add(others / Double(tokens - 1), weight: tokens - 1) }
    }
  }

  func write(into text: inout PrometheusText) {
    let state = state.withLock { $0 }
    text.family("requests_total", "counter", "Requests by route and status.")
    let order = state.requests.sorted {
      ($0.key.route, $0.key.status) < ($1.key.route, $1.key.status)
    }
    for (kind, count) in order {
      text.sample(
        "requests_total", [("route", kind.route), ("status", "\(kind.status)")], Double(count))
    }
    text.family("first_token_seconds", "histogram", "Seconds from asking to the first token.")
    state.firstToken.write("first_token_seconds", into: &text)
    text.family("token_seconds", "histogram", "Seconds a token after the first, a request's mean.")
    state.perToken.write("token_seconds", into: &text)
  }
}
