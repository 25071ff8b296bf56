import SparrowCore

/// Rotary position embedding (Su et al. 2021): which pairs turn, and how fast each.
public struct RotaryDescription: Sendable, Equatable {
  /// Elements of a head that turn; the rest stay.
  public var dimension: Int
  /// Pairs are neighbours (2i, 2i+1), as GGUF stores Llama; else halves (i, i + dimension/2).
  public var interleaved: Bool
  /// What the frequencies were made from, for writing the model back.
  public let base: Double
  public let scaling: RotaryScaling
  /// Turn per position of each pair, `[dimension / 2]`, radians.
  public var frequencies: [Float]
  /// Factor on cosine and sine (YaRN's attention factor).
  public var magnitude: Float
  /// What sequences turn by once they are longer; nil where length changes nothing.
  public let long: LongFrequencies?

  /// Turn per position of each pair in a sequence that is long, or is not.
  public func frequencies(isLong: Bool) -> [Float] {
    isLong ? long?.frequencies ?? frequencies : frequencies
  }

  /// What a pair of this frequency is rotated by at a position.
  public func turn(_ frequency: Float, at position: Int) -> (cosine: Float, sine: Float) {
    let angle = Double(Float(position) * frequency)
    return (Float(cosine(angle)) * magnitude, Float(sine(angle)) * magnitude)
  }

  /// Turns for all of a sequence that has more positions than `beyond`.
  public struct LongFrequencies: Sendable, Equatable {
    public let beyond: Int
    public let frequencies: [Float]
  }

  public init(
    dimension: Int, base: Double, interleaved: Bool, scaling: RotaryScaling = .none
  ) {
    self.dimension = dimension
    self.interleaved = interleaved
    self.base = base
    self.scaling = scaling
    let plain = (0..<dimension / 2).map { i in
      1 / power(base, Double(2 * i) / Double(dimension))
    }
    (frequencies, magnitude) = scaling.apply(to: plain, dimension: dimension, base: base)
    if case .longRope(_, let long, let original, _) = scaling {
      self.long = LongFrequencies(
        beyond: original, frequencies: zip(plain, long).map { Float($0 / Double($1)) })
    } else {
      long = nil
    }
  }
}

/// How rotary frequencies are stretched for contexts longer than trained ones.
public enum RotaryScaling: Sendable, Equatable {
  case none
  /// Positions divided by `factor`.
  case linear(factor: Double)
  /// Llama 3.1: long wavelengths divided by `factor`, short ones kept, smooth between.
  case llama3(factor: Double, lowFactor: Double, highFactor: Double, originalContext: Double)
  /// YaRN (Peng et al. 2023), its attention factor included.
  case yarn(
    factor: Double, originalContext: Double, betaFast: Double, betaSlow: Double, magnitude: Double?)
  /// Each frequency divided by its own factor, `[dimension / 2]` (GGUF's `rope_freqs`).
  case perFrequency([Float])
  /// LongRoPE (Ding et al. 2024): each frequency divided by its factor of `short`, in sequences of
  /// more than `originalContext` positions by that of `long`; `[dimension / 2]` both.
  case longRope(short: [Float], long: [Float], originalContext: Int, magnitude: Double)
  /// Only the first `pairs` turn, by positions divided by `factor`; the others stay (Gemma 4).
  case proportional(pairs: Int, factor: Double)

  /// Scaled frequencies (rounded to float32 where the reference rounds) and the magnitude.
  func apply(to plain: [Double], dimension: Int, base: Double) -> ([Float], Float) {
    switch self {
    case .none: return (plain.map { Float($0) }, 1)
    case .linear(let factor): return (plain.map { Float($0 / factor) }, 1)
    case .perFrequency(let factors):
      return (zip(plain, factors).map { Float($0 / Double($1)) }, 1)
    case .longRope(let short, _, _, let magnitude):
      return (zip(plain, short).map { Float($0 / Double($1)) }, Float(magnitude))
    case .proportional(let pairs, let factor):
      return (plain.enumerated().map { $0 < pairs ? Float($1 / factor) : 0 }, 1)
    case .llama3(let factor, let low, let high, let original):
      let scaled = plain.map { frequency in
        let wavelength = 2 * Double.pi / frequency
        if wavelength < original / high { return Float(frequency) }
        if wavelength > original / low { return Float(frequency / factor) }
        let smooth = (original / wavelength - low) / (high - low)
        return Float((1 - smooth) * frequency / factor + smooth * frequency)
      }
      return (scaled, 1)
    case .yarn(let factor, let original, let betaFast, let betaSlow, let magnitude):
      func correction(_ rotations: Double) -> Double {
        Double(dimension) * naturalLog(original / (rotations * 2 * .pi))
          / (2 * naturalLog(base))
      }
      let low = max(correction(betaFast).rounded(.down), 0)
      let high = min(correction(betaSlow).rounded(.up), Double(dimension - 1))
      let span = max(high - low, 0.001)
      let scaled = plain.enumerated().map { i, frequency in
        let ramp = min(max((Double(i) - low) / span, 0), 1)
        return Float(frequency / factor * ramp + frequency * (1 - ramp))
      }
      let attention = magnitude ?? (factor <= 1 ? 1 : 0.1 * naturalLog(factor) + 1)
      return (scaled, Float(attention))
    }
  }
}
