import SparrowCore
import SparrowEngine
import SparrowTransformer

/// Looks at a step operation by operation, as its probes ask: how long each takes on the device,
/// and what goes through those that an observer sees.
struct StepWatch {
  private let probes: StepProbes
  private let context: CUDAContext
  private var since: CUDAEvent?

  init(_ probes: StepProbes, in context: CUDAContext) throws(SparrowError) {
    self.probes = probes
    self.context = context
    if probes.profile != nil { since = try mark() }
  }

  private func mark() throws(SparrowError) -> CUDAEvent {
    let event = try CUDAEvent(in: context)
    try event.record()
    return event
  }

  /// Looks at an operation that is to be queued.
  mutating func look(
    _ operation: LoweredOperation, _ shape: StepShape
  ) throws(SparrowError) {
    guard let look = operation.look else { return }
    try look(shape, probes)
    if since != nil { since = try mark() }
  }

  /// Looks behind an operation that was queued.
  mutating func note(_ operation: LoweredOperation, rows: Int) throws(SparrowError) {
    if let since {
      let now = try mark()
      let seconds = try now.milliseconds(since: since) / 1000
      probes.profile?.add(seconds, to: operation.operation.kind.part)
      // The host's own pause is nobody's.
      self.since = try mark()
    }
    guard let observer = probes.observer, let seen = operation.observed else { return }
    let inputs = try copy(seen.input, rows)
    let results = try copy(seen.result, rows)
    inputs.withUnsafeBufferPointer { inputs in
      results.withUnsafeBufferPointer { results in
        observer(
          Observation(
            seen.subject, layer: operation.operation.layer!, rows: rows,
            inputs: .init(inputs.baseAddress!, width: seen.input.width),
            results: .init(results.baseAddress!, width: seen.result.width)))
      }
    }
  }

  func end() { if since != nil { probes.profile?.endStep() } }

  private func copy(_ source: DeviceRows, _ rows: Int) throws(SparrowError) -> [Float] {
    var values = [Float](repeating: 0, count: rows * source.width)
    var failure: SparrowError?
    values.withUnsafeMutableBytes { bytes in
      do throws(SparrowError) { try context.read(source.address, into: bytes) } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return values
  }
}
