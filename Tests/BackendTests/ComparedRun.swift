import SparrowCore
import SparrowEngine
import SparrowReference
import SparrowSparsity
import SparrowTestPlans
import SparrowTransformer

/// Sequences of a backend and of the reference, stepped alike.
///
/// The reference has the weights that the backend reads back, and follows what the backend selects:
/// how scores are rounded does not change what is compared.
final class ComparedRun {
  let backend: any Backend
  let reference: Reference
  /// The reference's rows of the last step: of a prompt the last alone.
  private(set) var steps: [Reference.Step] = []
  var audit: StepAudit?
  private var sequences: [(own: SequenceState, plain: Reference.Sequence)] = []
  private var selected: [Reference.Selections] = []
  /// The head's input.
  private let last: Operation.Buffer

  init(
    _ backend: TestBackend, _ binding: WeightBinding, threads: Int = 2, sequences: Int = 1,
    _ plan: SparsePlan
  ) throws {
    let own = try backend.open(binding, threads: threads) { _ in plan }
    self.backend = own
    reference = try Reference(binding, plan: plan) { own.weights.values($0, of: binding) }
    guard case .head(let input)? = StepProgram(own.model).operations.last?.kind else {
      preconditionFailure("a program ends with its head")
    }
    last = input
    for _ in 0..<sequences {
      self.sequences.append((try own.sequence(capacity: 64, type: .f32), Reference.Sequence()))
    }
  }

  /// Runs a prompt; the error of its last row.
  func prompt(_ tokens: [Int32], of index: Int = 0) -> Float {
    let sequence = sequences[index]
    backend.step(.prompt(tokens, of: sequence.own))
    steps = tokens.map { reference.step($0, of: sequence.plain, isDense: true) }.suffix(1)
    return relativeError(backend.hidden(row: tokens.count - 1), hidden(0))
  }

  /// Decodes the next token of the first sequences; the error of each row.
  func decode(_ tokens: [Int32], isDense: Bool = false) -> [Float] {
    let own = sequences.prefix(tokens.count)
    selected = tokens.map { _ in Reference.Selections() }
    backend.step(
      .decode(
        tokens, of: own.map(\.own), isDense: isDense,
        probes: StepProbes(audit: audit, selections: { self.note($0) })))
    steps = zip(zip(tokens, own), selected).map { next, selected in
      reference.step(next.0, of: next.1.plain, isDense: isDense, following: selected)
    }
    return tokens.indices.map { relativeError(backend.hidden(row: $0), hidden($0)) }
  }

  /// As `decode` of sequences that are empty.
  func start(_ tokens: [Int32]) -> [Float] {
    for index in tokens.indices { truncate(to: 0, of: index) }
    return decode(tokens)
  }

  func truncate(to count: Int, of index: Int = 0) {
    sequences[index].own.truncate(to: count)
    sequences[index].plain.truncate(to: count)
  }

  /// The reference's input of the head for a row of the last step.
  func hidden(_ row: Int) -> [Float] { steps[row].buffers[last] ?? [] }

  /// What the reference selects by itself for a token that begins a sequence.
  func ownSelections(_ token: Int32) -> Reference.Selections {
    reference.step(token, of: Reference.Sequence()).selected
  }

  /// The neurons that a row of the last step selected.
  func neurons(_ layer: Int = 0, row: Int = 0) -> [Int32] { selected[row].neurons[layer] ?? [] }

  private func note(_ found: Selected) {
    switch found.part {
    case .network: selected[found.row].neurons[found.layer] = found.indices
    case .attention: selected[found.row].headGroups[found.layer] = found.indices
    case .inputs(let input):
      selected[found.row].inputs[InputSource(layer: found.layer, input: input)] = found.indices
    }
  }
}
