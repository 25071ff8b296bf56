internal import SparrowCore

/// Refuses what does not hold, naming the file and the field.
struct PlanCheck {
  let file: String
  let name: String

  func require(
    _ holds: Bool, _ part: String, _ found: Any, _ expected: String
  ) throws(SparrowError) {
    guard holds else {
      throw SparrowError(
        .malformed, file: file, field: name + "." + part, found: "\(found)", expected: expected)
    }
  }
}
