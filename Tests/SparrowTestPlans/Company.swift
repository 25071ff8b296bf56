package import SparrowCore
package import SparrowEngine
import SparrowTransformer

/// Sequences of different lengths that decode given tokens, alone or together.
package struct Company {
  /// What one token gives, to the bit.
  package struct Row: Equatable {
    package var hidden: [UInt32]
    package var ids: [Int32]?
    package var logits: [UInt32]
    package var fellBack: Bool
  }

  /// The sequences that share each step of a turn; every sequence is in one of them.
  package typealias Cut = (_ turn: Int, _ random: inout SeededRandom) -> [[Int]]

  private let backend: any Backend
  private let prompts: [[Int32]]
  /// `[turns][sequences]`
  private let tokens: [[Int32]]

  package init(_ backend: any Backend, sequences: Int, turns: Int = 3, longest: Int = 12) {
    self.backend = backend
    var random = SeededRandom(seed: 17)
    let vocabulary = UInt64(backend.model.vocabulary)
    func text(_ count: Int) -> [Int32] {
      (0..<count).map { _ in Int32(random.next() % vocabulary) }
    }
    prompts = (0..<sequences).map { text(1 + $0 * 5 % longest) }
    tokens = (0..<turns).map { _ in text(sequences) }
  }

  /// What each token of each sequence gives, `[turns][sequences]`, where steps are cut so.
  package func run(_ cut: Cut) throws -> [[Row]] {
    var random = SeededRandom(seed: 29)
    let sequences = try prompts.map { prompt in
      let sequence = try backend.sequence(capacity: prompt.count + tokens.count, type: .f16)
      backend.step(.prompt(prompt, of: sequence))
      return sequence
    }
    return tokens.enumerated().map { turn, tokens in
      var rows = [Row?](repeating: nil, count: sequences.count)
      for part in cut(turn, &random) {
        backend.step(.decode(part.map { tokens[$0] }, of: part.map { sequences[$0] }))
        let hidden = part.indices.map { bits(backend.hidden(row: $0)) }
        backend.outputs(rows: part.count) { output in
          rows[part[output.row]] = Row(
            hidden: hidden[output.row], ids: output.ids.map { Array($0) },
            logits: bits(output.logits), fellBack: output.fellBack)
        }
      }
      return rows.map { $0! }
    }
  }

  /// Each sequence by itself.
  package var alone: Cut { { _, _ in prompts.indices.map { [$0] } } }
  /// All in one step.
  package var together: Cut { { _, _ in [Array(prompts.indices)] } }
  /// In steps of any size and order, others in every turn.
  package var mixed: Cut {
    { _, random in
      var left = prompts.indices.shuffled(using: &random)
      var parts: [[Int]] = []
      while !left.isEmpty {
        let count = 1 + Int(random.next() % UInt64(left.count))
        parts.append(Array(left.suffix(count)))
        left.removeLast(count)
      }
      return parts
    }
  }
}

private func bits(_ values: UnsafeBufferPointer<Float>) -> [UInt32] { values.map(\.bitPattern) }
