import SparrowCore
import Testing

@testable import SparrowTraining

@Suite struct DensityControllerTests {
  /// A model whose density follows log eta with a lag of 60 steps, measured with noise.
  private struct Plant {
    var density = 0.99
    var random = SeededRandom(seed: 3)

    mutating func step(eta: Double) -> Double {
      let rest = eta > 0 ? 1 / (1 + exponential(0.8 * (naturalLog(eta) + 1))) : 1
      density += (rest - density) / 60
      return min(1, max(0, density + 0.04 * Double(random.uniform() - 0.5)))
    }
  }

  @Test(arguments: [0.2, 0.5, 0.7, 0.9], [0.001, 0.1, 10])
  func densityReachesItsTarget(target: Double, eta: Double) throws {
    var controller = try DensityController(target: target, eta: eta)
    var plant = Plant()
    var worst = 0.0
    for step in 0..<6000 {
      controller.update(density: plant.step(eta: controller.eta))
      if step >= 4000 { worst = max(worst, abs(plant.density - target)) }
    }
    #expect(worst < 0.03, "off by \(worst)")
  }

  /// Groups that are off stay off but for what asks for more: then eta must fall below 0.
  @Test func densityComesBackFromBelowItsTarget() throws {
    var controller = try DensityController(target: 0.5, eta: 1)
    var density = 0.2
    for _ in 0..<2000 {
      controller.update(density: density)
      density -= 0.01 * hyperbolicTangent(controller.eta)
    }
    #expect(abs(density - 0.5) < 0.05, "\(density)")
  }

  @Test func etaKeepsWithinItsBoundsAndComesBack() throws {
    var controller = try DensityController(target: 0.5, eta: 1, most: 10)
    for _ in 0..<10_000 { controller.update(density: 1) }
    #expect(controller.eta == 10)
    for _ in 0..<200 { controller.update(density: 0.2) }
    #expect(controller.eta < 1)
    for _ in 0..<10_000 { controller.update(density: 0) }
    #expect(controller.eta == -10)
  }

  @Test func whatIsNoNumberChangesNothing() throws {
    var controller = try DensityController(target: 0.5)
    controller.update(density: 0.7)
    let before = controller
    controller.update(density: .nan)
    #expect(controller == before && controller.density == 0.7)
  }

  /// A target that moves evenly in logits is met on the way, without a jump at its end.
  @Test func densityFollowsARamp() throws {
    var controller = try DensityController(target: 0.3, ramp: .init(from: 0.9, steps: 3000))
    var plant = Plant()
    plant.density = 0.9
    for step in 0..<6000 {
      controller.step = step
      controller.update(density: plant.step(eta: controller.eta))
      switch step {
      // Half way between the logits of 0.9 and 0.3.
      case 1500: #expect(abs(plant.density - 0.66) < 0.04, "\(plant.density)")
      case 3000..<6000: #expect(abs(plant.density - 0.3) < 0.05, "\(plant.density) at \(step)")
      default: break
      }
    }
  }

  /// Where a ramp stands depends on the step alone.
  @Test func aRampGoesOnWhereTheStepIs() throws {
    let ramp = DensityController.Ramp(from: 0.8, steps: 100)
    func eta(_ step: Int, _ density: Double) throws -> Double {
      var controller = try DensityController(target: 0.5, ramp: ramp)
      controller.update(density: density)
      controller.step = step
      return controller.eta
    }
    #expect(try eta(0, 0.75) < eta(50, 0.75) && eta(50, 0.75) < eta(100, 0.75))
    #expect(try eta(100, 0.5) == eta(10_000, 0.5))
    var whole = try DensityController(target: 0.5, ramp: ramp)
    for step in 0..<40 {
      whole.step = step
      whole.update(density: 0.9 - 0.004 * Double(step))
    }
    var copy = try DensityController(target: 0.5, ramp: ramp).resumed(
      integral: whole.integral, density: whole.density)
    (whole.step, copy.step) = (40, 40)
    #expect(copy == whole && copy.eta == whole.eta)
  }

  @Test func aSavedControllerGoesOnTheSame() throws {
    var controller = try DensityController(target: 0.3)
    for step in 0..<50 { controller.update(density: 0.9 - 0.005 * Double(step)) }
    var copy = try DensityController(target: 0.3).resumed(
      integral: controller.integral, density: controller.density)
    #expect(copy == controller)
    controller.update(density: 0.6)
    copy.update(density: 0.6)
    #expect(copy == controller)
  }

  @Test func impossibleControllersAreRefused() throws {
    for target in [0, -1, 1, 1.1, .nan] {
      #expect(throws: SparrowError.self) { try DensityController(target: target) }
    }
    #expect(throws: SparrowError.self) { try DensityController(target: 0.5, eta: 0) }
    for ramp in [DensityController.Ramp(from: 1, steps: 9), .init(from: 0.9, steps: -1)] {
      #expect(throws: SparrowError.self) { try DensityController(target: 0.5, ramp: ramp) }
    }
    #expect(throws: SparrowError.self) { try DensityController(target: 0.5, eta: 1, most: 0.5) }
    #expect(throws: SparrowError.self) { try DensityController(target: 0.5, gain: 0) }
    #expect(throws: SparrowError.self) { try DensityController(target: 0.5, smoothing: 0.5) }
    let controller = try DensityController(target: 0.5)
    for (integral, density) in [(1e9, 0.5), (.nan, 0.5), (1, -1)] as [(Double, Double)] {
      #expect(throws: SparrowError.self) {
        try controller.resumed(integral: integral, density: density)
      }
    }
  }
}
