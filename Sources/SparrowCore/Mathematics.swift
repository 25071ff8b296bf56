#if canImport(Darwin)
  internal import Darwin
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Glibc
#endif

// The C library's functions under one name on every system, without Foundation.

public func power(_ base: Double, _ exponent: Double) -> Double { pow(base, exponent) }
public func naturalLog(_ x: Double) -> Double { log(x) }
public func exponential(_ x: Double) -> Double { exp(x) }
public func exponential(_ x: Float) -> Float { expf(x) }
public func cosine(_ x: Double) -> Double { cos(x) }
public func sine(_ x: Double) -> Double { sin(x) }
public func hyperbolicTangent(_ x: Double) -> Double { tanh(x) }
public func errorFunction(_ x: Double) -> Double { erf(x) }
