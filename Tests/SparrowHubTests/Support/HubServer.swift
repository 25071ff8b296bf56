import CSparrowSystem
import SparrowCore

@testable import SparrowHub

/// A web server on this machine that answers as the hub does, in Python's standard library.
///
/// It serves `ROOT/OWNER/NAME/FILE` as the repository OWNER/NAME, whose name asks for trouble with
/// its files:
///
/// | name | what happens |
/// |---|---|
/// | `cut`, `norange` | the first answer breaks half way; ranges are ignored then (`norange`) |
/// | `cuts`, `norangecuts` | every answer breaks after 1000 bytes |
/// | `closing` | answers have no length, and the first ends half way |
/// | `slow` | a piece at a time |
/// | `busy`, `overloaded` | 503 twice; 429 for ever, with an hour to wait |
/// | `portal`, `short` | the first answer is a web page; a whole answer of 100 bytes |
/// | `corrupt` | a byte is wrong |
/// | `gated`, `terms` | it wants the token `secret`; it wants the terms accepted |
/// | `huge` | the list says 2^60 bytes |
/// | `bare`, `mirror` | the list has no sizes and hashes; it has SHA-1 of the bytes |
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

  /// True where the programs are that it and pulling need.
  static var canRun: Bool {
    Scratch.has("curl", "--version") && Scratch.has("python3", "--version")
  }

  deinit { kill(process, SIGTERM) }

  /// The requests so far: method, path, range.
  var requests: [String] {
    let bytes = (try? Files.read(log)) ?? []
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
  }

  /// Prints its port and process, then serves in a process of its own, which ends after two
  /// minutes.
  private static let program = #"""
    import hashlib, http.server, json, os, signal, sys, time
    root, log = sys.argv[1:3]
    seen = {}
    def sha1(data): return hashlib.sha1(data).hexdigest()
    def git(data): return sha1(b"blob %d\0" % len(data) + data)
    def sha256(data): return hashlib.sha256(data).hexdigest()
    def small(file): return file.endswith(".json")
    def entry(folder, file, name):
      data = open(os.path.join(folder, file), "rb").read()
      if name == "bare": return {"rfilename": file}
      size = 1 << 60 if name == "huge" else len(data)
      entry = {"rfilename": file, "size": size, "blobId": git(data)}
      if name == "mirror": entry["blobId"] = sha1(data)
      elif not small(file): entry["lfs"] = {"sha256": sha256(data), "size": size}
      return entry
    class Handler(http.server.BaseHTTPRequestHandler):
      protocol_version = "HTTP/1.1"
      def log_message(self, *a): pass
      def do_HEAD(self): self.answer(False)
      def do_GET(self): self.answer(True)
      def fail(self, code, **fields):
        self.send_response(code); self.send_header("Content-Length", "0")
        for key, value in fields.items(): self.send_header(key.replace("_", "-"), value)
        self.end_headers()
      def whole(self, data, kind):
        self.send_response(200); self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data))); self.end_headers()
        self.wfile.write(data)
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
          files = sorted(
            os.path.relpath(os.path.join(at, file), folder)
            for at, _, files in os.walk(folder) for file in files)
          siblings = [entry(folder, file, name) for file in files]
          data = json.dumps({"sha": "abc123", "siblings": siblings}).encode()
          return self.whole(data, "application/json")
        path = os.path.join(folder, *parts[4:])
        if not os.path.isfile(path): return self.fail(404)
        data = open(path, "rb").read()
        tag = git(data) if small(path) else sha256(data)
        time_asked = seen.get(self.path, 0)
        if body: seen[self.path] = time_asked + 1
        if name == "terms": return self.fail(403, X_Error_Code="GatedRepo")
        if name == "overloaded": return self.fail(429, Retry_After="3600")
        if name == "busy" and time_asked < 2: return self.fail(503, Retry_After="0")
        if name == "portal" and time_asked == 0: return self.whole(b"<html>log in", "text/html")
        if name == "short": return self.whole(data[:100], "application/octet-stream")
        if name == "corrupt": data = data[:7] + bytes([data[7] ^ 1]) + data[8:]
        start = 0
        if asked and not name.startswith("norange"):
          start = int(asked.split("=")[1].split("-")[0])
          if start >= len(data): return self.fail(416)
        self.send_response(206 if start else 200)
        if start: self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        self.send_header("ETag", f'"{tag}"')
        data = data[start:]
        if name == "closing": self.send_header("Connection", "close")
        else: self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if not body: return
        if name in ("cut", "norange", "closing") and time_asked == 0: data = data[:len(data) // 2]
        elif name.endswith("cuts"): data = data[:1000]
        elif name == "slow" and not asked:
          for at in range(0, len(data), 1000):
            self.wfile.write(data[at:at + 1000]); self.wfile.flush(); time.sleep(0.1)
          return
        else: return self.wfile.write(data)
        self.wfile.write(data); self.wfile.flush()
        self.close_connection = True
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
