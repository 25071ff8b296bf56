#if canImport(Darwin)
  internal import Darwin
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Glibc
#endif

extension Float {
  @inline(__always)
  static func exp(_ x: Float) -> Float { expf(x) }

  @inline(__always)
  static func log(_ x: Float) -> Float { logf(x) }
}
