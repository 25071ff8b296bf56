import Sparrow

extension PlanChoice {
  /// A model's name that asks for this plan, for clients that cannot send `sparrow.plan`.
  func name(of model: String) -> String { model + ":" + rawValue }

  /// The plan that a name asks for; nil for names that ask for none.
  init?(named name: String) {
    guard let mark = name.lastIndex(of: ":") else { return nil }
    self.init(rawValue: String(name[mark...].dropFirst()))
  }
}
