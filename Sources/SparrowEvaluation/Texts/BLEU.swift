import SparrowCore

/// What BLEU counts in texts (Papineni et al. 2002); counts of several texts add up to a corpus.
///
/// Tokens are those of mteval-v13a, and an order of n-grams without a match counts as half a match,
/// a quarter for the next such order and so on, as in sacrebleu by default.
public struct BLEU: Sendable, Equatable {
  static let orders = 4
  /// By order: n-grams that a reference has as well, each as often as there at most; all n-grams.
  private(set) var matches = Array(repeating: 0, count: orders)
  private(set) var possible = Array(repeating: 0, count: orders)
  /// Tokens of the texts, and of the references whose lengths are nearest.
  private(set) var length = 0
  private(set) var referenceLength = 0

  /// Of no text.
  public init() {}

  /// Of one text beside its references, at least one.
  public init(_ text: String, references: [String]) {
    precondition(!references.isEmpty, "a text without references")
    let own = BLEUTokens.split(text)
    let others = references.map(BLEUTokens.split)
    length = own.count
    // Of two that are as near the shorter one.
    referenceLength = others.map(\.count).min {
      (abs($0 - own.count), $0) < (abs($1 - own.count), $1)
    }!
    for order in 1...Self.orders {
      var allowed: [[UInt8]: Int] = [:]
      for other in others {
        allowed.merge(Self.counts(other, order)) { max($0, $1) }
      }
      for (gram, count) in Self.counts(own, order) {
        matches[order - 1] += min(count, allowed[gram] ?? 0)
        possible[order - 1] += count
      }
    }
  }

  /// By the bytes of the tokens with spaces between: strings that look alike are not the same.
  private static func counts(_ tokens: [String], _ order: Int) -> [[UInt8]: Int] {
    guard tokens.count >= order else { return [:] }
    return (0...tokens.count - order).reduce(into: [:]) { counts, start in
      let gram = tokens[start..<start + order].joined(separator: " ")
      counts[Array(gram.utf8), default: 0] += 1
    }
  }

  /// Adds the counts of other texts.
  public static func += (sum: inout BLEU, other: BLEU) {
    for order in 0..<orders {
      sum.matches[order] += other.matches[order]
      sum.possible[order] += other.possible[order]
    }
    sum.length += other.length
    sum.referenceLength += other.referenceLength
  }

  /// BLEU of all texts together, 0 to 100.
  public var score: Double {
    // Texts that are all too short for an order have no score.
    guard matches[0] > 0, !possible.contains(0) else { return 0 }
    var smoothed = 1.0
    var sum = 0.0
    for (matched, all) in zip(matches, possible) {
      if matched == 0 { smoothed /= 2 }
      sum += naturalLog((matched == 0 ? smoothed : Double(matched)) / Double(all))
    }
    let excess = Double(referenceLength) / Double(length) - 1
    return 100 * exponential(sum / Double(Self.orders) - max(0, excess))
  }
}
