package import SparrowCore
package import SparrowSparsity
package import SparrowTransformer

/// A lowering of step programs: one model's weights in a layout of its own, and the buffers of a
/// step.
///
/// One step runs at a time; sequences differ only by their states. Not safe for concurrent use.
/// What is read back lies in the host's memory and is valid until the next call.
package protocol Backend: BackendTools {
  var model: ModelConfiguration { get }
  var limits: BackendLimits { get }
  var weights: any BackendWeights { get }

  /// What is sparse now.
  var plan: SparsePlan { get }

  /// Makes the model sparse by a plan that fits it (`SparsePlan.check`), in place of the one
  /// before.
  ///
  /// Packs what its parts read otherwise than the dense program does. Sequences that steps of
  /// sparse attention have filled must not be used any more.
  func install(_ plan: SparsePlan)

  /// Runs this plan from now on: the layers of the installed one, or some of them, with the same
  /// predictors and perhaps other selectors. Starts counting anew. Sequences must be cleared where
  /// attention's plans differ.
  func use(_ plan: SparsePlan)

  /// Memory for the keys and values of so many pages; nil where the system has none.
  func pageMemory(_ pages: Int, _ type: CacheType) -> (any PageMemory)?

  /// What it keeps of a sequence of at most `capacity` positions beside its pages.
  func sequenceMemory(capacity: Int, in pool: PagePool) -> any SequenceMemory

  /// Bytes that its device has free; nil where it has the host's memory.
  var freeMemory: Int? { get }

  /// Bytes a second that its device reads at best, measured now; nil where it has the host's
  /// memory.
  func measureReads() -> Double?

  /// What ended the backend: its device is lost, or has no memory left. Nothing runs any more, and
  /// what is read back means nothing; nil as long as all is well.
  ///
  /// Who has read what a step gives asks for it.
  var failure: SparrowError? { get }

  /// Runs a batch of at most `limits.rows` rows, for which its sequences have room; where it
  /// decodes by a sparse plan, of at most `sparseBatch` sequences.
  func step(_ batch: StepBatch)

  /// The vocabulary head's input of a row of the last step, `[hidden]`.
  func hidden(row: Int) -> UnsafeBufferPointer<Float>

  /// Dense logits of adjacent rows of the last step, `[rows][vocabulary]`; at most
  /// `limits.logitRows`.
  func logits(rows: Range<Int>) -> UnsafeBufferPointer<Float>

  /// Whether the last step ran the plan's head: not where its batch asked for the dense program.
  var runsPlannedHead: Bool { get }

  /// Logits of adjacent rows of the last step, each as the head of its program computes it: the
  /// same bits however many there are. What `body` gets is valid until it returns.
  func outputs(of rows: Range<Int>, _ body: (HeadOutput) -> Void)

  /// What a token can be chosen from, cheaper than all: as `outputs`, but of a dense head perhaps
  /// the greatest logits alone.
  func greatest(of rows: Range<Int>, _ body: (HeadOutput) -> Void)

  /// Exact logits of a few vocabulary rows, ascending and at most `limits.gatheredLogits`, of a row
  /// of the last step for which a sparse head gave candidates.
  func output(row: Int, of ids: [Int32]) -> HeadOutput

  /// What part of everything that is sparse a token touched, on average since `use`; all of it
  /// before the first.
  var touched: Touched { get }
}

/// What a backend takes at most.
package struct BackendLimits: Sendable {
  /// Rows of a step.
  package let rows: Int
  /// Rows of logits that one call computes.
  package let logitRows: Int
  /// Sequences of a sparse step, whatever the plan: `Backend.sparseBatch` is what callers go by.
  package let sparseSequences: Int
  /// Vocabulary rows whose logits one call gathers.
  package let gatheredLogits: Int
  /// Greatest logits of a row that `Backend.greatest` gives; 0 where it gives all.
  package let greatestLogits: Int

  package init(
    rows: Int, logitRows: Int, sparseSequences: Int, gatheredLogits: Int, greatestLogits: Int = 0
  ) {
    self.rows = rows
    self.logitRows = logitRows
    self.sparseSequences = sparseSequences
    self.gatheredLogits = gatheredLogits
    self.greatestLogits = greatestLogits
  }
}

extension Backend {
  /// A backend in the host's memory, which cannot fail.
  package var freeMemory: Int? { nil }
  package func measureReads() -> Double? { nil }
  package var failure: SparrowError? { nil }

  /// All logits, where they are at hand.
  package func greatest(of rows: Range<Int>, _ body: (HeadOutput) -> Void) {
    outputs(of: rows, body)
  }

  /// Throws what ended the backend.
  package func check() throws(SparrowError) { if let failure { throw failure } }

  /// Sequences that a decoding step of the plan takes at most.
  ///
  /// A caller who has more takes several steps: what a token gives does not depend on who shares
  /// its step, and a step of a sparse plan is never a dense one.
  package var sparseBatch: Int {
    plan.hasSparseLayers
      ? min(plan.widestBatch, limits.sparseSequences, limits.rows) : limits.rows
  }

  /// Whether a batch runs the sparse program: prompts touch nearly all neurons, and dense products
  /// are faster there.
  package func runsSparse(_ batch: StepBatch) -> Bool {
    plan.hasSparseLayers && !batch.isDense && batch.phase == .decode
  }

  /// Traps for a batch that `step` does not take.
  package func requireFit(_ batch: StepBatch) {
    precondition(batch.tokens.count <= limits.rows, "more rows than the backend takes")
    precondition(
      batch.phase == .prompt || batch.slices.count == batch.tokens.count,
      "a decoded token for each sequence")
    precondition(
      !runsSparse(batch) || batch.slices.count <= sparseBatch,
      "more sequences than a sparse step takes")
  }

  /// Logits of a row of the last step, as the head of its program computes them; where the
  /// greatest do, as `greatest(of:)`.
  package func output(row: Int, amongGreatest: Bool = false) -> HeadOutput {
    var found: HeadOutput?
    (amongGreatest ? greatest : outputs)(row..<row + 1) { found = $0 }
    return found!
  }

  /// Logits of the last step's first rows, one sequence's each, as `outputs(of:)`.
  package func outputs(rows: Int, _ body: (HeadOutput) -> Void) { outputs(of: 0..<rows, body) }

  /// The logits of all vocabulary rows where `output` was computed: its own where they are all
  /// there, else the dense head's, which leave `output` as it is.
  package func complete(_ output: HeadOutput) -> HeadOutput {
    output.isComplete ? output : denseOutput(row: output.row)
  }

  /// Dense logits of a row of the last step, which leave what a sparse head found as it is.
  package func denseOutput(row: Int) -> HeadOutput {
    HeadOutput(row: row, logits: logits(rows: row..<row + 1))
  }

  /// Dense logits of rows of the last step, `[vocabulary]` each, in order and as many at once as
  /// the backend takes; valid until `body` returns.
  package func logits(
    of rows: Range<Int>, _ body: (_ row: Int, UnsafeBufferPointer<Float>) -> Void
  ) {
    for first in stride(from: rows.lowerBound, to: rows.upperBound, by: limits.logitRows) {
      let block = first..<min(first + limits.logitRows, rows.upperBound)
      let logits = logits(rows: block)
      for row in block {
        let own = (row - first) * model.vocabulary..<(row - first + 1) * model.vocabulary
        body(row, UnsafeBufferPointer(rebasing: logits[own]))
      }
    }
  }
}
