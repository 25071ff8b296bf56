#if Training
  package import SparrowCore

  /// What a run takes whatever its recipe is.
  package struct TrainingOptions: Sendable {
    package var text: [String] = []
    /// Files of tasks, whose answers are learnt.
    package var tasks: [String] = []
    /// A text to measure on; nil holds a hundredth of the documents back.
    package var heldOutText: String?
    /// The run's folder.
    package var output = ""
    /// Rows of a batch, and tokens of a row.
    package var batch = 16
    package var length = 512
    package var seed: UInt64 = 0
    /// This process and all that train together, each with batches of its own.
    package var rank = 0
    package var ranks = 1
    package var trainer = Trainer.Options()

    package init() {}

    /// Runs `work` in the first process before the others, which then find its files.
    package func inTurn<Value>(
      _ work: () throws(SparrowError) -> Value
    ) throws(SparrowError) -> Value {
      if rank > 0 { try TensorGroup.meet() }
      let value = try work()
      if rank == 0, ranks > 1 { try TensorGroup.meet() }
      return value
    }
  }
#endif
