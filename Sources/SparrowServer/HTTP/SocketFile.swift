#if Server
  import CSparrowSystem
  import NIOCore
  import NIOPosix
  import Sparrow

  /// The file of a unix socket.
  enum SocketFile {
    /// Throws `.system` where a process listens: its file would be replaced. One that a dead
    /// process left may be; at a server's end NIO removes its file.
    static func claim(_ path: String, on group: any EventLoopGroup) async throws {
      do {
        let answered = try await ClientBootstrap(group: group).connect(unixDomainSocketPath: path)
          .get()
        // Who listens may have closed it already.
        try? await answered.close()
      } catch let error as IOError where [ECONNREFUSED, ENOENT].contains(error.errnoCode) {
        return
      }
      throw SparrowError(
        .system, file: path, found: "another process listens here", expected: "a free path")
    }
  }
#endif
