import CSparrowSystem
import SparrowCore

@testable import SparrowHub

/// A folder for one test, gone when the test ends.
struct Scratch: ~Copyable {
  let path: String

  init() throws {
    path =
      (processEnvironment()["TMPDIR"] ?? "/tmp") + "/sparrow-test-\(UInt64.random(in: 0 ... .max))"
    try Files.makeFolder(path)
  }

  deinit { try? Files.remove(path) }

  /// Writes a file below the folder.
  @discardableResult
  func write(_ name: String, _ bytes: [UInt8]) throws -> String {
    let file = path + "/" + name
    try Files.makeFolder(String(file.dropLast(file.lastComponent.count + 1)))
    try Files.write(bytes, to: file)
    return file
  }

  /// Bytes that compress badly and repeat nowhere.
  static func noise(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
    var random = SeededRandom(seed: seed)
    return (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next() >> 56) }
  }

  /// True when the program is there to be run.
  static func has(_ program: String...) -> Bool {
    let outcome = try? Subprocess(arguments: program, environment: processEnvironment()).run()
    return outcome?.status == 0
  }
}
