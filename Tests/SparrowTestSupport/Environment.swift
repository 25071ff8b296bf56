#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#endif

/// A variable of the environment, by which tests that need large files are switched on; nil when
/// unset.
public func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
