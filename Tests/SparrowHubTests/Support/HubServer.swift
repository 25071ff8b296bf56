import CSparrowSystem
import SparrowCore

@testable import SparrowHub

/// A web server on this machine that answers as the hub does, in Python's standard library.
///
/// It serves `ROOT/OWNER/NAME/FILE` as the repository OWNER/NAME. A repository's name asks for trouble:
/// `cut` breaks the first answer half way, `norange` does too and then ignores ranges, `slow` sends a piece at
/// a time, `corrupt` changes a byte, `gated` wants a token.
struct HubServer: ~Copyable {
  let address: String
  private let process: pid_t
  private let log: String

  init(root: String) throws {
    log = root + "/requests"
    let outcome = try Subprocess(
      arguments: ["python3", "-c", Self.program, root, log], environment: processEnvironment()
    ).run()
    let words = outcome.outputText.split(separator: " ").map { Int32($0.filter(\.isNumber)) }
    guard words.count == 2, let port = words[0], let process = words[1] else {
      throw SparrowError(.system, found: outcome.complaint)
    }
    address = "http://127.0.0.1:\(port)"
    self.process = process
  }

  deinit { kill(process, SIGTERM) }

  /// The requests so far: method, path, range.
  var requests: [String] {
    let bytes = (try? Files.read(log)) ?? []
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
  }

  /// Prints its port and process, then serves in a process of its own, which ends after two minutes.
  private static let program = #"""
    import hashlib, http.server, json, os, signal, sys, time
    root, log = sys.argv[1:3]
    broken = set()
    class Handler(http.server.BaseHTTPRequestHandler):
      protocol_version = "HTTP/1.1"
      def log_message(self, *a): pass
      def do_HEAD(self): self.answer(False)
      def do_GET(self): self.answer(True)
      def fail(self, code):
        self.send_response(code); self.send_header("Content-Length", "0"); self.end_headers()
      def answer(self, body):
        asked = self.headers.get("Range", "")
        with open(log, "a") as f: f.write(f"{self.command} {self.path} {asked}\n")
        parts = self.path.split("?")[0].strip("/").split("/")
        api = parts[:2] == ["api", "models"]
        owner, name = parts[2:4] if api else parts[:2]
        folder = os.path.join(root, owner, name)
        if name == "gated" and self.headers.get("Authorization") != "Bearer secret":
          return self.fail(401)
        if api:
          if not os.path.isdir(folder): return self.fail(404)
          siblings = []
          for file in sorted(os.listdir(folder)):
            data = open(os.path.join(folder, file), "rb").read()
            entry = {"rfilename": file, "size": len(data), "blobId": hashlib.sha1(data).hexdigest()}
            if not file.endswith(".json"):
              entry["lfs"] = {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
            siblings.append(entry)
          data = json.dumps({"sha": "abc123", "siblings": siblings}).encode()
        else:
          path = os.path.join(folder, parts[-1])
          if not os.path.isfile(path): return self.fail(404)
          data = open(path, "rb").read()
          if name == "corrupt": data = data[:7] + bytes([data[7] ^ 1]) + data[8:]
        start = 0
        if asked and name != "norange":
          start = int(asked.split("=")[1].split("-")[0])
          if start >= len(data): return self.fail(416)
        self.send_response(206 if start else 200)
        if start: self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        data = data[start:]
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if not body: return
        if name in ("cut", "norange") and not api and self.path not in broken:
          broken.add(self.path)
          self.wfile.write(data[:len(data) // 2]); self.wfile.flush()
          self.close_connection = True
          return
        if name == "slow" and not api and not asked:
          for at in range(0, len(data), 1000):
            self.wfile.write(data[at:at + 1000]); self.wfile.flush(); time.sleep(0.1)
          return
        self.wfile.write(data)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    child = os.fork()
    if child:
      print(server.server_address[1], child)
      sys.exit(0)
    os.setsid()
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(3): os.dup2(null, descriptor)
    signal.alarm(120)
    server.serve_forever()
    """#
}
