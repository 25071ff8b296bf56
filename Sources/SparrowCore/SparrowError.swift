/// Why an operation failed, with the place to look at: every room throws this one type.
///
/// Bad input throws; only programmer errors trap. The message is one line that says which file and
/// field, what was found, what was expected and, where there is one, the fix.
public struct SparrowError: Error, Sendable, Equatable, CustomStringConvertible {
  public enum Kind: String, Sendable {
    /// The system refused: a missing file, a full disk, no network.
    case system
    /// A file breaks its own format's rules.
    case malformed
    /// A well-formed thing that Sparrow does not know: an architecture, a type, an operation.
    case unsupported
    /// Two things that must agree do not: a shape, a hash, a vocabulary.
    case mismatch
    /// An argument outside its range.
    case argument
    /// Stopped on request.
    case cancelled
    /// Too much is asked at once: the same may succeed later.
    case busy
  }

  public let kind: Kind
  /// The file, model or command at fault.
  public let file: String
  /// The field, tensor or option in it; empty when the whole file is meant.
  public let field: String
  /// What was found.
  public let found: String
  /// What was expected, or the fix.
  public let expected: String

  public init(
    _ kind: Kind, file: String = "", field: String = "", found: String, expected: String = ""
  ) {
    self.kind = kind
    self.file = file
    self.field = field
    self.found = found
    self.expected = expected
  }

  public var description: String {
    let place = [file, field].filter { !$0.isEmpty }.joined(separator: ": ")
    let prefix = place.isEmpty ? "" : place + ": "
    let suffix = expected.isEmpty ? "" : "; expected " + expected
    return (prefix + found + suffix).withoutControls()
  }

  /// The same error, naming `file` where it named none.
  public func inFile(_ name: String) -> SparrowError {
    SparrowError(
      kind, file: file.isEmpty ? name : file, field: field, found: found, expected: expected)
  }
}

extension String {
  /// Keeps a message on one line, and a terminal unharmed, whatever a hostile file put into its
  /// names.
  fileprivate func withoutControls() -> String {
    var line = ""
    for scalar in unicodeScalars {
      switch scalar.properties.generalCategory {
      case .control, .lineSeparator, .paragraphSeparator: line += " "
      default: line.unicodeScalars.append(scalar)
      }
    }
    return line
  }
}

extension SparrowError {
  /// Throws, naming the field, unless `range` holds `value`; no range holds what is not a number.
  package static func require<T: Comparable>(
    _ value: T, in range: ClosedRange<T>, _ field: String, kind: Kind = .argument, file: String = ""
  ) throws(SparrowError) {
    guard range.contains(value) else {
      throw SparrowError(
        kind, file: file, field: field, found: "\(value)",
        expected: "\(range.lowerBound) to \(range.upperBound)")
    }
  }
}
