#if canImport(Glibc)
  import CSparrowSystem
  import Glibc
  import SparrowCore

  @testable import SparrowHub

  /// A program at a terminal of its own, of which this is the other side.
  final class PseudoTerminal {
    private let own: Int32
    private let its: Int32
    private var process: pid_t = 0
    private var shown: [UInt8] = []
    private var hasEnded = false

    /// Linux's TIOCSPTLCK and TIOCGPTN, whose macros Swift cannot read.
    private static let setLock: UInt = 0x4004_5431
    private static let getNumber: UInt = 0x8004_5430

    init(_ arguments: [String], environment: [String: String]) throws {
      // The program must not hold this side open.
      own = Glibc.open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
      var locked: Int32 = 0
      var number: UInt32 = 0
      guard own >= 0, ioctl(own, Self.setLock, &locked) == 0,
        ioctl(own, Self.getNumber, &number) == 0
      else { throw SparrowError(.system, found: "no terminal") }
      its = Glibc.open("/dev/pts/\(number)", O_RDWR | O_NOCTTY)
      let variables = processEnvironment().merging(environment) { $1 }.map {
        $0.key + "=" + $0.value
      }
      func strings(_ list: [String]) -> [UnsafeMutablePointer<CChar>?] {
        list.map { strdup($0) } + [nil]
      }
      let copies = (strings(arguments), strings(variables))
      let status = ss_spawn(copies.0, copies.1, its, its, its, &process)
      for copy in copies.0 + copies.1 { free(copy) }
      guard status == 0 else { throw SparrowError(.system, found: "no program") }
    }

    deinit {
      // Ended and waited for: an exit test elsewhere waits for whichever child there is.
      if !hasEnded {
        kill(process, SIGKILL)
        _ = status()
      }
      close(own)
      close(its)
    }

    /// Whether keys come one by one and without an echo.
    var isEdited: Bool {
      var modes = termios()
      tcgetattr(its, &modes)
      return modes.c_lflag & tcflag_t(ICANON | ECHO) == 0
    }

    func send(_ keys: String) {
      var keys = keys
      _ = keys.withUTF8 { write(own, $0.baseAddress, $0.count) }
    }

    func interrupt() { kill(process, SIGINT) }

    /// Waits for a text behind those that were awaited before; throws when it does not come within
    /// 20 seconds.
    func await(_ text: String) throws {
      let wanted = Array(text.utf8)
      let end = monotonicSeconds() + 20
      while true {
        let starts = 0..<max(0, shown.count - wanted.count + 1)
        if let start = starts.first(where: { shown[$0...].starts(with: wanted) }) {
          shown.removeSubrange(..<(start + wanted.count))
          return
        }
        var sets = [pollfd(fd: own, events: Int16(POLLIN), revents: 0)]
        poll(&sets, 1, 100)
        var bytes = [UInt8](repeating: 0, count: 4096)
        if sets[0].revents != 0 {
          let count = read(own, &bytes, bytes.count)
          shown += bytes.prefix(max(0, count))
        }
        guard monotonicSeconds() < end else {
          throw SparrowError(.system, found: String(decoding: shown, as: UTF8.self), expected: text)
        }
      }
    }

    /// The exit status, once the program has ended.
    func status() -> Int32 {
      var status: Int32 = 0
      while waitpid(process, &status, 0) < 0, ss_errno() == EINTR {}
      hasEnded = true
      return ss_exit_status(status)
    }
  }
#endif
