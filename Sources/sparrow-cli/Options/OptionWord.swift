import ArgumentParser
import SparrowCalibration
import SparrowCore

/// Reads one of an option's words; others are refused with the words that are known.
func word<T: RawRepresentable<String> & CaseIterable & Sendable>(
  of option: String
) -> @Sendable (String) throws -> T {
  let words = Dictionary(uniqueKeysWithValues: T.allCases.map { ($0.rawValue, $0) })
  let known = T.allCases.map(\.rawValue).joined(separator: ", ")
  return { name in
    guard let value = words[name] else {
      throw ValidationError("\(option) \(name): expected one of \(known)")
    }
    return value
  }
}

extension PlanTarget {
  /// The density that the target names; what asks for one takes no other target.
  func density(for what: String) throws(SparrowError) -> Float {
    switch self {
    case .density(let density): return density
    case .perplexity(let ratio):
      throw SparrowError(
        .argument, field: "target", found: "perplexity=\(ratio)",
        expected: "density=0.5 with \(what)")
    }
  }
}
