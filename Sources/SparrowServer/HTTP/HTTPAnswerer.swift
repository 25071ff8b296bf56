#if Server
  import CSparrowSystem
  import HTTPTypes
  import Hummingbird
  import NIOCore

  /// The connection that a request came by.
  struct HTTPConnection: InitializableFromSource {
    let channel: any Channel

    init(source: ApplicationRequestContextSource) { channel = source.channel }
  }

  /// Carries requests to the server and its answers back.
  struct HTTPAnswerer: HTTPResponder {
    let server: ModelServer
    let executor: LoopExecutor
    let bodies: BodyBudget

    /// Bytes of a body whose memory is worth giving back at once.
    private static let large = 1 << 20

    func respond(to request: Request, context: HTTPConnection) async throws -> Response {
      let channel = context.channel
      let client = try await channel.eventLoop.submit {
        try channel.pipeline.syncOperations.handler(type: ConnectionWatch.self)
          .begin(on: channel)
      }.get()
      var asked = ServerRequest(
        method: request.method.rawValue, path: request.uri.path, client: client)
      asked.headers = request.headers.map { ($0.name.canonicalName, $0.value) }
      if let id = Identifier.given(asked[header: "x-request-id"]) { asked.id = id }
      let response = response(try await answer(asked, request.body, channel))
      // A client that asks for a head alone takes what follows it for its next answer.
      return request.method == .head ? response.createHeadResponse() : response
    }

    /// The answer to a request whose body has yet to come; it is kept only where the head is right.
    private func answer(
      _ head: ServerRequest, _ stream: RequestBody, _ channel: any Channel
    ) async throws -> ServerAnswer {
      let isAdmitted = server.admits(head)
      let limit = server.service.options.bodyLimit
      var body = IncomingBody(limit: isAdmitted ? limit : 0, in: bodies)
      defer {
        // JSON is many small blocks.
        if body.bytes.count > Self.large { ss_trim_memory() }
        body.release()
      }
      try await read(stream, into: &body, channel)
      if isAdmitted, let refusal = body.refusal { return server.refuse(refusal, head) }
      var request = head
      request.body = body.bytes
      return await server.answer(request)
    }

    /// Reads a whole body.
    ///
    /// Much of what is too much is read all the same: clients that are still writing see no answer.
    /// Beyond that, and when it takes too long, the connection is closed.
    private func read(
      _ stream: RequestBody, into body: inout IncomingBody, _ channel: any Channel
    ) async throws {
      let options = server.service.options
      let deadline = channel.eventLoop.scheduleTask(
        in: .nanoseconds(Int64(options.bodyTimeout * 1e9))
      ) { channel.close(promise: nil) }
      defer { deadline.cancel() }
      for try await buffer in stream {
        body.add(buffer.readableBytesView)
        if body.count > 4 * options.bodyLimit { try await channel.close() }
      }
    }

    private func response(_ answer: ServerAnswer) -> Response {
      var headers = HTTPFields()
      for (name, value) in answer.headers {
        if let name = HTTPField.Name(name) { headers.append(HTTPField(name: name, value: value)) }
      }
      let body =
        switch answer.body {
        case .bytes(let bytes): ResponseBody(byteBuffer: ByteBuffer(bytes: bytes))
        case .events(let events): stream(events)
        }
      return Response(status: .init(code: answer.status), headers: headers, body: body)
    }

    private func stream(_ events: @escaping ServerAnswer.Events) -> ResponseBody {
      ResponseBody { [executor] writer in
        try await withTaskExecutorPreference(executor) {
          do {
            try await events { bytes in try await writer.write(ByteBuffer(bytes: bytes)) }
          } catch let error as ChannelError {
            throw error
          } catch {
            // The head has gone out: what went wrong is told as an event.
            try await writer.write(ByteBuffer(bytes: EventBytes.failure(error)))
          }
          try await writer.finish(nil)
        }
      }
    }
  }
#endif
