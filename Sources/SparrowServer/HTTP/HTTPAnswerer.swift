#if Server
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
      let limit = server.service.options.bodyLimit
      let length = asked[header: "content-length"].flatMap { Int($0) }
      if let length, length > limit { return response(tooLarge(asked)) }
      do {
        let body = try await request.body.collect(upTo: limit)
        asked.body = Array(body.readableBytesView)
      } catch is NIOTooManyBytesError {
        return response(tooLarge(asked))
      }
      return response(await server.answer(asked))
    }

    private func tooLarge(_ request: ServerRequest) -> ServerAnswer {
      let limit = server.service.options.bodyLimit
      return server.refuse(
        APIError(
          status: 413, "the body is larger than \(limit) bytes", code: "request_too_large"),
        request)
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
