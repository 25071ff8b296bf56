public import CSparrowCUDA

/// A compiler whose machine code is the source itself, a constant a line before it.
public enum TestCompiler {
  private final class Program {
    let source: String
    var image: [UInt8] = []

    init(source: String) { self.source = source }
  }

  public static let calls: scu_compiler = {
    var calls = scu_compiler()
    calls.version = { major, minor in
      (major!.pointee, minor!.pointee) = (13, 0)
      return 0
    }
    calls.make = { program, source, _, _, _, _ in
      program!.pointee = handle(Program(source: String(cString: source!)))
      return 0
    }
    calls.compile = { program, count, options in
      let program = object(program!, Program.self)
      let constants = (0..<Int(count)).map { String(cString: options![$0]!) + "\n" }
      program.image = Array((constants.joined() + program.source).utf8) + [0]
      return 0
    }
    calls.log_bytes = { _, bytes in
      bytes!.pointee = 0
      return 0
    }
    calls.log = { _, _ in 0 }
    calls.image_bytes = { program, bytes in
      bytes!.pointee = object(program!, Program.self).image.count
      return 0
    }
    calls.image = { program, image in
      for (index, byte) in object(program!, Program.self).image.enumerated() {
        image![index] = CChar(bitPattern: byte)
      }
      return 0
    }
    calls.destroy = { release($0!.pointee, Program.self) }
    return calls
  }()
}
