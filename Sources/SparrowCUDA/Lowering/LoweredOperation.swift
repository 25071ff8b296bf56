import SparrowCore
import SparrowEngine
import SparrowTransformer

/// An operation as launches of kernels.
struct LoweredOperation: Sendable {
  /// Queues a step's launches.
  typealias Launch = @Sendable (StepShape) throws(SparrowError) -> Void
  /// Shows probes what an operation touches, once all before it is queued; waits for the device.
  typealias Look = @Sendable (StepShape, StepProbes) throws(SparrowError) -> Void

  let operation: Operation
  let launch: Launch
  /// What went through it, for observers; nil where they do not look.
  let observed: Observed?
  /// nil where nothing is chosen.
  let look: Look?

  /// The buffers whose rows an observer sees behind the operation.
  struct Observed: Sendable {
    let subject: Observation.Subject
    let input: DeviceRows
    let result: DeviceRows

    init(_ subject: Observation.Subject, input: DeviceRows, result: DeviceRows) {
      self.subject = subject
      self.input = input
      self.result = result
    }
  }

  init(
    _ operation: Operation, observed: Observed? = nil, look: Look? = nil, launch: @escaping Launch
  ) {
    self.operation = operation
    self.launch = launch
    self.observed = observed
    self.look = look
  }
}
