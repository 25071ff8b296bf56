import SparrowCore
import Testing

@testable import SparrowHub

/// Pulls from a hub that misbehaves, and to disks that do.
@Suite(.serialized, .enabled(if: HubServer.canRun))
struct PullerTroubleTests {
  static let model = Scratch.noise(20_000)
  static let config = Array("{\"model_type\": \"llama\"}\n".utf8)

  /// Pulls `o/NAME`, which has a model and its configuration, and gives the requests for its files.
  @discardableResult
  private func pull(
    _ name: String, _ server: borrowing HubServer, _ scratch: borrowing Scratch
  ) throws -> [String] {
    try scratch.write("o/\(name)/model.safetensors", Self.model)
    try scratch.write("o/\(name)/config.json", Self.config)
    let puller = PullerDownloadTests.puller(server, scratch)
    let before = server.requests.count
    let pulled = try puller.pull(try ModelSource(parsing: "o/" + name))
    let path = try puller.cache.resolve("o/" + name)
    #expect(try Files.read(path + "/model.safetensors") == Self.model)
    #expect(try Files.read(path + "/config.json") == Self.config)
    #expect(pulled.model.files.map(\.checked) == [true, true])
    return server.requests.dropFirst(before).filter { $0.contains("/resolve/") }
  }

  @Test(
    "every file is checked by the hub's own hash, wherever the hub says it",
    arguments: ["n", "bare", "mirror"])
  func checks(name: String) throws {
    let scratch = try Scratch()
    try pull(name, try HubServer(root: scratch.path), scratch)
  }

  @Test("a small file with a wrong byte is refused by its name in git")
  func smallFile() throws {
    let scratch = try Scratch()
    let server = try HubServer(root: scratch.path)
    #expect { _ = try pull("corrupt", server, scratch) } throws: {
      ($0 as? SparrowError)?.kind == .mismatch && "\($0)".contains("config.json: git's name")
    }
  }

  @Test("a web page in place of a file is told, and nothing of it stays")
  func portal() throws {
    let scratch = try Scratch()
    let server = try HubServer(root: scratch.path)
    #expect { _ = try pull("portal", server, scratch) } throws: { "\($0)".contains("a web page") }
    #expect { _ = try pull("portal", server, scratch) } throws: { "\($0)".contains("a web page") }
    let asked = try pull("portal", server, scratch)
    #expect(asked.allSatisfy { !$0.contains("bytes=") })
  }

  @Test("a whole answer of another length is no beginning")
  func short() throws {
    let scratch = try Scratch()
    let server = try HubServer(root: scratch.path)
    try scratch.write("o/short/m.gguf", Self.model)
    let source = try ModelSource(parsing: "o/short:m.gguf")
    #expect { try PullerDownloadTests.puller(server, scratch).pull(source) } throws: {
      "\($0)".contains("m.gguf: 100 bytes, file removed; expected 20000")
    }
    let left = Files.allFiles(under: scratch.path + "/cache")
    #expect(left.allSatisfy { $0.hasSuffix("/lock") })
  }

  @Test("a beginning that does not belong to the file is dropped and the file fetched anew")
  func wrongBeginning() throws {
    let scratch = try Scratch()
    try scratch.write("o/slow/m.gguf", Self.model)
    let server = try HubServer(root: scratch.path)
    let source = try ModelSource(parsing: "o/slow")
    _ = try PullerDownloadTests.stop(source, server, scratch)
    let cache = scratch.path + "/cache/"
    let partial = try #require(Files.allFiles(under: cache).first { $0.hasSuffix(".partial") })
    try Files.write(Array("<html>log in</html>".utf8), to: cache + partial)
    let puller = PullerDownloadTests.puller(server, scratch)
    _ = try puller.pull(source)
    #expect(try Files.read(try puller.cache.resolve("o/slow")) == Self.model)
  }

  @Test("an answer that ends early without a length goes on where it ended")
  func closing() throws {
    let scratch = try Scratch()
    let asked = try pull("closing", try HubServer(root: scratch.path), scratch)
    #expect(asked.contains { $0.hasSuffix("bytes=10000-") })
  }

  @Test("a busy server is asked again")
  func busy() throws {
    let scratch = try Scratch()
    let asked = try pull("busy", try HubServer(root: scratch.path), scratch)
    #expect(asked.count == 6)
  }

  @Test(
    "a server that never comes to an end is given up after a few tries",
    arguments: [("cuts", "after 4 tries", 4), ("norangecuts", "after 4 tries", 7)])
  func givesUp(name: String, told: String, most: Int) throws {
    let scratch = try Scratch()
    let server = try HubServer(root: scratch.path)
    try scratch.write("o/\(name)/m.gguf", Self.model)
    let source = try ModelSource(parsing: "o/" + name)
    #expect { try PullerDownloadTests.puller(server, scratch).pull(source) } throws: {
      "\($0)".contains(told)
    }
    #expect(server.requests.filter { $0.contains("/resolve/") }.count <= most)
  }

  @Test("refusals name the way out")
  func refusals() throws {
    let scratch = try Scratch()
    let server = try HubServer(root: scratch.path)
    let cases = [
      ("terms", "terms accepted at \(server.address)/o/terms"), ("overloaded", "wait 3600 s"),
      ("huge", "set SPARROW_CACHE"),
    ]
    for (name, told) in cases {
      #expect { _ = try pull(name, server, scratch) } throws: { "\($0)".contains(told) }
    }
    #expect(!server.requests.contains { $0.contains("/o/huge/resolve") })
  }

  @Test("a cache that cannot be written is told before anything is asked")
  func unwritable() throws {
    let scratch = try Scratch()
    let server = try HubServer(root: scratch.path)
    try scratch.write("cache", [1])
    #expect { _ = try pull("n", server, scratch) } throws: {
      "\($0)".contains("/cache: models cannot be kept here")
        && "\($0)".contains("set SPARROW_CACHE")
    }
    #expect(server.requests.isEmpty)
  }

  @Test("a second pull of the same model waits for the first and finds what it got")
  func together() throws {
    let scratch = try Scratch()
    try scratch.write("o/slow/m.gguf", Self.model)
    let server = try HubServer(root: scratch.path)
    let source = try ModelSource(parsing: "o/slow")
    final class Second {
      var waits = 0
      var error: (any Error)?
    }
    let second = Second()
    let other = PullerDownloadTests.puller(server, scratch) { report in
      if report.label.hasPrefix("waiting") { second.waits += 1 }
      return second.waits == 0
    }
    let first = PullerDownloadTests.puller(server, scratch) { report in
      guard report.label.hasPrefix("downloading"), second.error == nil else { return true }
      do { _ = try other.pull(source) } catch { second.error = error }
      return true
    }
    #expect(try !first.pull(source).wasPresent)
    #expect((second.error as? SparrowError)?.kind == .cancelled)
    #expect(try other.pull(source).wasPresent)
  }

  @Test("a token goes to the hub alone, without the newline that was copied with it")
  func token() throws {
    let scratch = try Scratch()
    try scratch.write("o/gated/m.gguf", Self.model)
    let server = try HubServer(root: scratch.path)
    let source = try ModelSource(parsing: "o/gated")
    #expect {
      try PullerDownloadTests.puller(server, scratch, token: "other").pull(source)
    } throws: {
      "\($0)".contains("another HF_TOKEN")
    }
    let long = String(repeating: "x", count: 5000)
    #expect { try PullerDownloadTests.puller(server, scratch, token: long).pull(source) } throws: {
      "\($0)".contains("HF_TOKEN: no token")
    }
    _ = try PullerDownloadTests.puller(server, scratch, token: "secret\n").pull(source)
  }
}
