#if canImport(Darwin)
  internal import Darwin
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Glibc
#endif

// The C library's functions under one name on every system, without Foundation.

package func power(_ base: Double, _ exponent: Double) -> Double { pow(base, exponent) }
package func naturalLog(_ x: Double) -> Double { log(x) }
package func exponential(_ x: Double) -> Double { exp(x) }
package func exponential(_ x: Float) -> Float { expf(x) }
package func cosine(_ x: Double) -> Double { cos(x) }
package func sine(_ x: Double) -> Double { sin(x) }
package func hyperbolicTangent(_ x: Double) -> Double { tanh(x) }
package func errorFunction(_ x: Double) -> Double { erf(x) }
