/// How memory lies in a processor's cache.
enum CacheLine {
  static let bytes = 64
  /// Lines are fetched in pairs: what two workers write lies at least so far apart.
  static let pairBytes = 128

  /// `count` rounded up to whole lines.
  static func whole(_ count: Int) -> Int { (count + bytes - 1) / bytes * bytes }

  /// `count` rounded up to whole pairs of lines.
  static func apart(_ count: Int) -> Int { (count + pairBytes - 1) / pairBytes * pairBytes }
}
