#if Server
  import Testing

  /// Runs a suite before what other suites wait for: a client that waited a minute for its turn
  /// among them would find its connection closed as idle.
  struct Urgent: SuiteTrait, TestScoping {
    func provideScope(
      for test: Test, testCase: Test.Case?,
      performing function: @Sendable @concurrent () async throws -> Void
    ) async throws {
      try await withoutActuallyEscaping(function) { function in
        try await Task(priority: .high) { try await function() }.value
      }
    }
  }

  extension Trait where Self == Urgent {
    static var urgent: Urgent { Urgent() }
  }
#endif
