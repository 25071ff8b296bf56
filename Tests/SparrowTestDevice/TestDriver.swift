public import CSparrowCUDA

/// A driver without a device: its memory is the host's, and its kernels do in plain loops what
/// their sources say.
///
/// So lowered programs run whole where there is no GPU. What a kernel's source computes itself is
/// for `sparrow doctor` to check on a device. Tests put other calls in the places of some.
public enum TestDriver {
  /// A launch that was queued.
  public struct Launch: Sendable, Equatable {
    public let kernel: String
    public let grid: [Int]
    public let block: Int
    /// May begin before the one before it has ended.
    public let startsEarly: Bool
  }

  /// Launches of a task, in order, graphs' when they are captured.
  public final class Log: @unchecked Sendable {
    public var launches: [Launch] = []
    /// How often graphs were launched.
    public var graphs = 0

    public init() {}
  }

  /// Who keeps this task's launches.
  @TaskLocal public static var log: Log?

  /// An error's name and text, as the driver gives them.
  private static let name: StaticString = "CUDA_ERROR_OF_A_TEST"

  /// The calls.
  public static let calls: scu_driver = {
    var calls = scu_driver()
    addDevices(&calls)
    addMemory(&calls)
    addStreams(&calls)
    addModules(&calls)
    return calls
  }()

  private static func addDevices(_ calls: inout scu_driver) {
    calls.initialize = { _ in 0 }
    calls.version = {
      $0!.pointee = 13000
      return 0
    }
    let text: @convention(c) (Int32, UnsafeMutablePointer<UnsafePointer<CChar>?>?) -> Int32 = {
      $1!.pointee = UnsafeRawPointer(TestDriver.name.utf8Start).assumingMemoryBound(to: CChar.self)
      return 0
    }
    (calls.error_name, calls.error_text) = (text, text)
    calls.device_count = {
      $0!.pointee = 1
      return 0
    }
    calls.device = {
      $0!.pointee = $1
      return 0
    }
    calls.device_name = { name, _, _ in
      for (index, byte) in "Test device\0".utf8.enumerated() { name![index] = CChar(byte) }
      return 0
    }
    calls.device_memory = { bytes, _ in
      bytes!.pointee = 1 << 36
      return 0
    }
    // A compute capability of 9.0, 132 multiprocessors, shared memory and cache of an H200.
    calls.device_attribute = { value, attribute, _ in
      let values: [Int32: Int32] = [75: 9, 76: 0, 16: 132, 97: 232_448, 38: 62_914_560]
      value!.pointee = values[attribute] ?? 0
      return 0
    }
    calls.retain_context = { context, _ in
      context!.pointee = OpaquePointer(bitPattern: 1)
      return 0
    }
    calls.release_context = { _ in 0 }
    calls.set_context = { _ in 0 }
    calls.memory_info = { free, total in
      free!.pointee = 1 << 35
      total!.pointee = 1 << 36
      return 0
    }
  }

  private static func addModules(_ calls: inout scu_driver) {
    // An image is its source: see `TestCompiler`.
    calls.load_module = { module, image in
      let text = String(cString: image!.assumingMemoryBound(to: CChar.self))
      module!.pointee = handle(Module(source: text))
      return 0
    }
    calls.unload_module = { release($0, Module.self) }
    calls.function = { function, module, name in
      let name = String(cString: name!)
      let module = object(module!, Module.self)
      guard module.source.contains("\(name)("),
        let kernel = TestKernels.all[name] ?? TestKernels.made[name]?(module.constants)
      else { return 500 }
      function!.pointee = module.handle(name, kernel)
      return 0
    }
    calls.set_attribute = { _, _, _ in 0 }
    calls.get_attribute = { value, _, _ in
      value!.pointee = 0
      return 0
    }
    calls.launch = { launch, function, parameters, _ in
      let function = object(function!, Function.self)
      let launch = launch!.pointee
      let ids = (0..<Int(launch.attribute_count)).map { launch.attributes[$0].id }
      let grid = [launch.grid_x, launch.grid_y, launch.grid_z].map(Int.init)
      TestDriver.log?.launches.append(
        Launch(
          kernel: function.name, grid: grid, block: Int(launch.block_x),
          startsEarly: ids.contains(UInt32(SCU_LAUNCH_PROGRAMMATIC))))
      let work = function.kernel(parameters![0]!, grid)
      object(launch.stream!, Stream.self).queue(work)
      return 0
    }
  }

  private static func addStreams(_ calls: inout scu_driver) {
    calls.make_stream = { stream, _ in
      stream!.pointee = handle(Stream())
      return 0
    }
    calls.destroy_stream = { release($0, Stream.self) }
    calls.wait_for_stream = { _ in 0 }
    // What waits for a stream that is captured is captured with it.
    calls.record = { event, stream in
      object(event!, Stream.self).capture = object(stream!, Stream.self).capture
      return 0
    }
    calls.stream_waits = { stream, event, _ in
      if let capture = object(event!, Stream.self).capture {
        object(stream!, Stream.self).capture = capture
      }
      return 0
    }
    calls.begin_capture = { stream, _ in
      object(stream!, Stream.self).capture = Capture()
      return 0
    }
    calls.end_capture = { stream, graph in
      let capture = object(stream!, Stream.self).capture
      graph!.pointee = handle(Graph(capture?.work ?? []))
      capture?.isOpen = false
      return 0
    }
    calls.instantiate = { exec, graph, _ in
      exec!.pointee = handle(object(graph!, Graph.self))
      return 0
    }
    calls.launch_graph = { exec, stream in
      TestDriver.log?.graphs += 1
      for work in object(exec!, Graph.self).work { object(stream!, Stream.self).queue(work) }
      return 0
    }
    calls.destroy_exec = { release($0, Graph.self) }
    calls.destroy_graph = { release($0, Graph.self) }
    calls.make_event = { event, _ in
      event!.pointee = handle(Stream())
      return 0
    }
    calls.wait_for_event = { _ in 0 }
    calls.elapsed = { milliseconds, _, _ in
      milliseconds!.pointee = 1
      return 0
    }
    calls.destroy_event = { release($0, Stream.self) }
  }
}

// MARK: - What handles stand for

final class Stream {
  /// Closed, or nil, while nothing is captured.
  var capture: Capture? {
    get { own?.isOpen == true ? own : nil }
    set { own = newValue }
  }
  private var own: Capture?

  func queue(_ work: @escaping () -> Void) {
    if let capture { capture.work.append(work) } else { work() }
  }
}

final class Capture {
  var work: [() -> Void] = []
  var isOpen = true
}

final class Graph {
  let work: [() -> Void]

  init(_ work: [() -> Void]) { self.work = work }
}

final class Function {
  let name: String
  let kernel: TestKernels.Kernel

  init(_ name: String, _ kernel: @escaping TestKernels.Kernel) {
    self.name = name
    self.kernel = kernel
  }
}

final class Module {
  let source: String
  /// Live as long as their module.
  private var functions: [Function] = []

  init(source: String) { self.source = source }

  /// What the compiler was given, each a line as `-DNAME=1` before the source.
  var constants: [String: Int] {
    source.split(separator: "\n").prefix { $0.hasPrefix("-") }.reduce(into: [:]) { all, line in
      let parts = line.dropFirst(2).split(separator: "=")
      if parts.count == 2, let value = Int(parts[1]) { all[String(parts[0])] = value }
    }
  }

  func handle(_ name: String, _ kernel: @escaping TestKernels.Kernel) -> OpaquePointer {
    functions.append(Function(name, kernel))
    return OpaquePointer(Unmanaged.passUnretained(functions.last!).toOpaque())
  }
}

func handle(_ object: some AnyObject) -> OpaquePointer {
  OpaquePointer(Unmanaged.passRetained(object).toOpaque())
}

func object<T: AnyObject>(_ handle: OpaquePointer, _ type: T.Type) -> T {
  Unmanaged<T>.fromOpaque(UnsafeRawPointer(handle)).takeUnretainedValue()
}

func release<T: AnyObject>(_ handle: OpaquePointer?, _ type: T.Type) -> Int32 {
  Unmanaged<T>.fromOpaque(UnsafeRawPointer(handle!)).release()
  return 0
}
