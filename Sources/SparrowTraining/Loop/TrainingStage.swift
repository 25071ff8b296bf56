#if Training
  internal import SparrowCore

  /// A part of a run in which the same parameters learn the same thing: LTE has two.
  package struct TrainingStage {
    /// For people: `routers`, `adaptation`.
    package var name: String
    package var steps: Int
    package var networks: [NetworkMode]
    package var objective: Objective
    package var rate: LearningRate
    /// What a parameter's rate is multiplied by.
    package var rateFactor: @Sendable (String) -> Float
    package var pressure: Pressure
    /// Whether a parameter learns; the others stay.
    package var learns: @Sendable (String) -> Bool
    /// The density that routers are settled at on held-out rows (`DensitySettling`): before the
    /// stage where they rest in it, and at the run's end. nil leaves them as they learnt.
    package var settledDensity: Double?

    package init(
      name: String, steps: Int, networks: [NetworkMode], objective: Objective,
      rate: LearningRate, pressure: Pressure = .constant(0), settledDensity: Double? = nil,
      rateFactor: @escaping @Sendable (String) -> Float = { _ in 1 },
      learns: @escaping @Sendable (String) -> Bool = { _ in true }
    ) {
      self.name = name
      self.steps = steps
      self.networks = networks
      self.objective = objective
      self.rate = rate
      self.rateFactor = rateFactor
      self.pressure = pressure
      self.settledDensity = settledDensity
      self.learns = learns
    }

    var restsRouters: Bool { !learns(ParameterName.routerBias(0)) }
  }

  /// The weight of what sparsity costs in the loss, from step to step.
  package enum Pressure: Sendable, Equatable {
    case constant(Double)
    /// Steered so that the density reaches a target.
    case controlled(DensityController)
    /// From 0 to a peak in a quarter of a sine over the stage's first part, then constant
    /// (ProSparse, arXiv 2402.13516, section 3.2).
    case rising(peak: Double, over: Int)
  }

  extension Pressure {
    var controller: DensityController? {
      if case .controlled(let controller) = self { controller } else { nil }
    }

    func value(_ step: Int, _ controller: DensityController?) -> Double {
      switch self {
      case .constant(let value): value
      case .controlled: controller?.eta ?? 0
      case .rising(let peak, let over):
        peak * sine(.pi / 2 * min(1, Double(step) / Double(max(1, over))))
      }
    }
  }
#endif
