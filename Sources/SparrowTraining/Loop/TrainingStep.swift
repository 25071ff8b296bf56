package import SparrowCore

/// What one step of training measured: a line of the metrics file.
package struct TrainingStep: Sendable, Equatable {
  /// A figure beside the usual ones, such as one of the losses that add up to `loss`.
  package struct Part: Sendable, Equatable {
    package var name: String
    package var value: Double

    package init(name: String, value: Double) {
      self.name = name
      self.value = value
    }
  }

  /// Counted from 1: so many steps are done.
  package var step: Int
  /// What is minimised, in nats a token where it is a language model's loss.
  package var loss: Double
  /// The loss on the held-out part, at the steps that measured it.
  package var heldOutLoss: Double?
  /// The part of the neurons that tokens touched.
  package var density: Double?
  package var eta: Double?
  package var learningRate: Double
  /// The gradient's length before clipping.
  package var gradientNorm: Double?
  package var tokensPerSecond: Double
  /// In the order in which they are written.
  package var parts: [Part]

  package init(
    step: Int, loss: Double, heldOutLoss: Double? = nil, density: Double? = nil,
    eta: Double? = nil, learningRate: Double, gradientNorm: Double? = nil,
    tokensPerSecond: Double, parts: [Part] = []
  ) {
    self.step = step
    self.loss = loss
    self.heldOutLoss = heldOutLoss
    self.density = density
    self.eta = eta
    self.learningRate = learningRate
    self.gradientNorm = gradientNorm
    self.tokensPerSecond = tokensPerSecond
    self.parts = parts
  }
}

extension TrainingStep {
  private static let names = [
    "step", "loss", "held_out_loss", "density", "eta", "learning_rate", "gradient_norm",
    "tokens_per_second",
  ]

  /// One object of numbers, without what was not measured.
  package var json: JSON {
    var members: [(String, JSON)] = [("step", .integer(step)), ("loss", .number(loss))]
    func add(_ name: String, _ value: Double?) {
      if let value { members.append((name, .number(value))) }
    }
    add("held_out_loss", heldOutLoss)
    add("density", density)
    add("eta", eta)
    add("learning_rate", learningRate)
    add("gradient_norm", gradientNorm)
    add("tokens_per_second", tokensPerSecond)
    for part in parts { add(part.name, part.value) }
    return .object(members)
  }

  /// Reads what `json` wrote; other names of numbers are parts. nil where step or loss is missing.
  package init?(json: JSON) {
    func number(_ name: String) -> Double? {
      // JSON has no word for what is no number: it was written as null.
      json[name].flatMap { $0.isNull ? .nan : $0.double }
    }
    guard let step = json["step"]?.int, let loss = number("loss") else { return nil }
    self.init(
      step: step, loss: loss, heldOutLoss: number("held_out_loss"), density: number("density"),
      eta: number("eta"), learningRate: number("learning_rate") ?? .nan,
      gradientNorm: number("gradient_norm"), tokensPerSecond: number("tokens_per_second") ?? .nan,
      parts: (json.members ?? []).compactMap { key, _ in
        guard !Self.names.contains(key), let value = number(key) else { return nil }
        return Part(name: key, value: value)
      })
  }
}
