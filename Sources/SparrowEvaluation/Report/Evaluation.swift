public import SparrowCore

/// A model evaluated dense and sparse: what `sparrow evaluate` prints.
public struct Evaluation: Sendable, Equatable {
  /// One adapter's figures, with those of the dense model measured in turn with it.
  public struct Run: Sendable, Equatable {
    /// The adapter, as the reader knows it.
    public var name: String
    public var fidelity: Fidelity?
    public var tasks: TaskComparison?

    public init(name: String, fidelity: Fidelity? = nil, tasks: TaskComparison? = nil) {
      self.name = name
      self.fidelity = fidelity
      self.tasks = tasks
    }
  }

  /// The model, as the reader knows it.
  public var model: String
  public var threads = 0
  /// The text's and the tasks' files.
  public var text: String?
  public var task: String?
  /// The model that training began with, as the reader knows it; nil where none is compared with.
  public var baseline: String?
  public var runs: [Run] = []

  public init(model: String, text: String?, task: String? = nil, baseline: String? = nil) {
    self.model = model
    self.text = text
    self.task = task
    self.baseline = baseline
  }

  public var json: JSON {
    .object([
      ("model", .string(model)), ("threads", .integer(threads)),
      ("text", text.map(JSON.string) ?? .null), ("task", task.map(JSON.string) ?? .null),
      ("baseline", baseline.map(JSON.string) ?? .null),
      (
        "runs",
        .array(
          runs.map {
            .object([
              ("adapter", .string($0.name)), ("fidelity", $0.fidelity?.json ?? .null),
              ("tasks", $0.tasks?.json ?? .null),
            ])
          })
      ),
    ])
  }
}
