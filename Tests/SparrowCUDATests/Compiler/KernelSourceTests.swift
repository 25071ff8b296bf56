import CSparrowCUDA
import SparrowCore
import SparrowTestSupport
import Testing

/// The program carries its kernels' sources, whole.
@Suite struct KernelSourceTests {
  private static let room =
    #filePath.split(separator: "/").dropLast(4).reduce("") { $0 + "/" + $1 }
    + "/Sources/CSparrowCUDA"

  @Test("every file of kernels and of their arguments is in the program as it stands")
  func embedded() throws {
    let files = ["kernels", "include"].flatMap { folder in
      Files.allFiles(under: "\(Self.room)/\(folder)").map { "\(folder)/\($0)" }
    }.filter { $0.hasPrefix("kernels") || $0.hasSuffix("_arguments.h") }
    #expect(files.count > 40)
    for file in files {
      let name = String(file.split(separator: "/").last!)
      let text = try #require(scu_source(name), "\(name) is not in sources.c")
      #expect(try Array(String(cString: text).utf8) == contents(of: "\(Self.room)/\(file)"))
    }
  }
}
