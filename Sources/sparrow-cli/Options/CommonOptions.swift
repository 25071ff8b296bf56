public import ArgumentParser
public import Sparrow
import SparrowCore
import SparrowHub

/// A model that is looked at, not run.
struct PathOptions: ParsableArguments {
  @Argument(
    help: "A GGUF file, a folder of safetensors, or a pulled model's name.",
    completion: .file())
  var model: String

  /// The file or folder: what was given, or where a pulled model of that name lies.
  func path() throws(SparrowError) -> String { try ModelCache.path(ofModel: model) }
}

/// How results are printed.
struct OutputOptions: ParsableArguments {
  @Flag(help: "Print one JSON object instead of text.")
  var json = false

  /// Prints a JSON value on standard output.
  func print(_ value: JSON) { Terminal.write(value.text(indent: 2) + "\n") }
}

/// What runs the model.
struct DeviceOptions: ParsableArguments {
  @Option(
    parsing: .unconditional, help: "What runs the model: cpu, or cuda:0 for an NVIDIA device.",
    completion: .list(["cpu", "cuda:0"]))
  var device = Device.cpu
}

extension Device: ExpressibleByArgument {
  public init?(argument: String) { self.init(argument) }
}

/// How many threads work.
struct ThreadOptions: ParsableArguments {
  @Option(
    name: .shortAndLong, parsing: .unconditional,
    help: "Threads; 0 is as many as may work at once here.")
  var threads = 0

  func validate() throws {
    guard (0...256).contains(threads) else {
      throw ValidationError("--threads \(threads): expected 0 to 256")
    }
  }

  /// nil leaves it to the machine.
  var count: Int? { threads == 0 ? nil : threads }
}

/// A size of memory on the command line.
enum MemorySize {
  private static let units = ["": 1.0, "B": 1, "KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12]

  /// Bytes of `2GB`, `1.5 gb` or `4000000000`. Throws wrong usage for anything else.
  @Sendable static func bytes(_ text: String) throws -> Int {
    let number = text.prefix { $0.isNumber || $0 == "." }
    let unit = text.dropFirst(number.count).drop { $0 == " " }.uppercased()
    guard let count = Double(String(number)), let size = units[unit], count * size >= 1,
      let bytes = Int(exactly: (count * size).rounded())
    else { throw ValidationError("--memory \(text): expected bytes, or a size as 500MB or 2GB") }
    return bytes
  }
}
