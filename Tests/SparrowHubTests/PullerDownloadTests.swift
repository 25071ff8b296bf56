import SparrowCore
import Testing

@testable import SparrowHub

/// Pulls from a hub on this machine.
@Suite(.serialized, .enabled(if: HubServer.canRun))
struct PullerDownloadTests {
  static let model = Scratch.noise(20_000)

  static func puller(
    _ server: borrowing HubServer, _ scratch: borrowing Scratch, token: String = "",
    receive: @escaping (Progress.Report) -> Bool = { _ in true }
  ) -> Puller {
    var environment = processEnvironment()
    environment["HF_ENDPOINT"] = server.address + "/"
    environment["HF_TOKEN"] = token
    environment["no_proxy"] = "127.0.0.1"
    var puller = Puller(
      cache: ModelCache(root: scratch.path + "/cache"), environment: environment,
      progress: Progress(receive))
    puller.firstPause = 0
    return puller
  }

  /// A puller that was stopped after some 2000 of the bytes of `source`.
  static func stop(
    _ source: ModelSource, _ server: borrowing HubServer, _ scratch: borrowing Scratch
  ) throws -> Puller {
    final class Seen { var bytes = 0 }
    let seen = Seen()
    let stopped = puller(server, scratch) { report in
      if report.label.hasPrefix("downloading") { seen.bytes = report.count?.done ?? 0 }
      return seen.bytes <= 2000
    }
    #expect { try stopped.pull(source) } throws: { ($0 as? SparrowError)?.kind == .cancelled }
    return stopped
  }

  @Test("a GGUF file of the hub is checked and found again")
  func file() throws {
    let scratch = try Scratch()
    try scratch.write("o/n/m-Q8_0.gguf", Self.model)
    let server = try HubServer(root: scratch.path)
    let puller = Self.puller(server, scratch)
    let source = try ModelSource(parsing: "o/n:q8_0")
    let first = try puller.pull(source)
    #expect(!first.wasPresent)
    #expect(first.model.revision == "abc123")
    #expect(first.model.files.map(\.checked) == [true])
    let path = try puller.cache.resolve("o/n:q8_0")
    #expect(path == scratch.path + "/cache/hub/o/n+q8_0/m-Q8_0.gguf")
    #expect(try Files.read(path) == Self.model)
    #expect(Files.allFiles(under: scratch.path + "/cache/partial").isEmpty)
    let asked = server.requests.count
    #expect(try puller.pull(source).wasPresent)
    #expect(server.requests.count == asked)
    try Files.write([1], to: path)
    #expect(throws: SparrowError.self) { try puller.cache.resolve("o/n:q8_0") }
    #expect(try !puller.pull(source).wasPresent, "a damaged model is pulled again")
    #expect(try Files.read(path) == Self.model)
  }

  @Test("a folder of safetensors comes whole, all from one commit")
  func folder() throws {
    let scratch = try Scratch()
    for name in ["config.json", "model.safetensors", "README.md", "tokenizer.json"] {
      try scratch.write("o/n/" + name, Array(name.utf8))
    }
    let server = try HubServer(root: scratch.path)
    let puller = Self.puller(server, scratch)
    _ = try puller.pull(try ModelSource(parsing: "o/n"))
    let path = try puller.cache.resolve("o/n")
    #expect(
      Files.names(in: path) == [
        "config.json", "model.safetensors", "sparrow.json", "tokenizer.json",
      ])
    #expect(server.requests.dropFirst().allSatisfy { $0.contains("/o/n/resolve/abc123/") })
  }

  @Test("a broken transfer goes on where it broke, or anew where the server cannot")
  func resumes() throws {
    for (name, ranges) in [("cut", ["", "bytes=10000-"]), ("norange", ["", "bytes=10000-", ""])] {
      let scratch = try Scratch()
      try scratch.write("o/\(name)/m.gguf", Self.model)
      let server = try HubServer(root: scratch.path)
      let puller = Self.puller(server, scratch)
      _ = try puller.pull(try ModelSource(parsing: "o/" + name))
      #expect(try Files.read(try puller.cache.resolve("o/" + name)) == Self.model)
      let asked = server.requests.filter { $0.contains("/resolve/") }
      #expect(asked.map { $0.components(separatedBy: " ")[2] } == ranges)
    }
  }

  @Test("a stopped pull leaves no model and goes on later")
  func stops() throws {
    let scratch = try Scratch()
    try scratch.write("o/slow/m.gguf", Self.model)
    let server = try HubServer(root: scratch.path)
    let source = try ModelSource(parsing: "o/slow")
    let stopped = try Self.stop(source, server, scratch)
    #expect(try stopped.cache.pulled(source) == nil)
    let left = Files.allFiles(under: scratch.path + "/cache").filter { $0.hasSuffix(".partial") }
    #expect(left.count == 1)
    let puller = Self.puller(server, scratch)
    _ = try puller.pull(source)
    #expect(try Files.read(try puller.cache.resolve("o/slow")) == Self.model)
    #expect(server.requests.last?.contains("bytes=") == true)
  }

  @Test("bytes that do not have the published checksum are removed")
  func corrupt() throws {
    let scratch = try Scratch()
    try scratch.write("o/corrupt/m.gguf", Self.model)
    let server = try HubServer(root: scratch.path)
    let puller = Self.puller(server, scratch)
    let wrong = String(repeating: "00", count: 32)
    let right = hexSHA256(Self.model)
    for text in ["o/corrupt", "\(server.address)/o/n/resolve/main/m.gguf#sha256=\(wrong)"] {
      try scratch.write("o/n/m.gguf", Self.model)
      let source = try ModelSource(parsing: text)
      #expect { try puller.pull(source) } throws: {
        ($0 as? SparrowError)?.kind == .mismatch && "\($0)".contains("m.gguf: SHA-256")
      }
      #expect(try puller.cache.pulled(source) == nil)
    }
    #expect(
      Files.allFiles(under: scratch.path + "/cache").allSatisfy { $0.hasSuffix("/lock") })
    let source = try ModelSource(
      parsing: "\(server.address)/o/n/resolve/main/m.gguf#sha256=\(right)")
    #expect(try puller.pull(source).model.files.map(\.checked) == [true])
    #expect(try Files.read(try puller.cache.resolve(source.name)) == Self.model)
  }

  @Test("refusals say what to do")
  func refusals() throws {
    let scratch = try Scratch()
    try scratch.write("o/gated/m.gguf", Self.model)
    let server = try HubServer(root: scratch.path)
    let gated = try ModelSource(parsing: "o/gated")
    #expect { try Self.puller(server, scratch).pull(gated) } throws: {
      "\($0)".contains("HF_TOKEN")
    }
    #expect(try !Self.puller(server, scratch, token: "secret").pull(gated).wasPresent)
    let missing = try ModelSource(parsing: "o/missing")
    #expect { try Self.puller(server, scratch).pull(missing) } throws: { "\($0)".contains("404") }
    #expect { try Self.puller(server, scratch).pull(.local(path: "x")) } throws: {
      ($0 as? SparrowError)?.kind == .argument
    }
  }
}
