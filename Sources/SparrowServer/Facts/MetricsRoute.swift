import Sparrow

/// `/metrics`, for Prometheus.
struct MetricsRoute: Sendable {
  let service: ModelService

  var answer: ServerAnswer {
    let now = service.scheduler.statistics
    let model = service.model
    var text = PrometheusText()
    service.metrics.write(into: &text)
    let figures: [(name: String, kind: String, help: String, value: Double)] = [
      ("requests_running", "gauge", "Choices that run.", Double(now.running)),
      ("requests_waiting", "gauge", "Choices that wait.", Double(now.waiting)),
      ("prompt_tokens_total", "counter", "Tokens of prompts.", Double(now.promptTokens)),
      ("cached_tokens_total", "counter", "Those that the cache had.", Double(now.cachedTokens)),
      ("generated_tokens_total", "counter", "Tokens generated.", Double(now.generatedTokens)),
      ("prompt_seconds_total", "counter", "Seconds of prompts' steps.", now.promptSeconds),
      ("decode_seconds_total", "counter", "Seconds of decoding steps.", now.decodeSeconds),
      ("preemptions_total", "counter", "Choices put off for others.", Double(now.preemptions)),
      ("cache_pages", "gauge", "Pages of the key/value cache in use.", Double(now.pages)),
      ("cache_pages_limit", "gauge", "Pages that it may have.", Double(now.pageLimit)),
      ("token_bytes", "gauge", "Bytes of weights a token reads.", Double(model.bytesPerToken)),
      ("dense_token_bytes", "gauge", "The same densely.", Double(model.denseBytesPerToken)),
    ]
    for figure in figures { text.figure(figure.name, figure.kind, figure.help, figure.value) }
    let densities = now.touched.networks.values.map(\.selected)
    if !densities.isEmpty {
      text.figure(
        "network_density", "gauge", "Part of the neurons a token uses, mean of sparse layers.",
        densities.reduce(0, +) / Double(densities.count))
    }
    return ServerAnswer(type: "text/plain; version=0.0.4", Array(text.text.utf8))
  }
}
