/// Formats of texts that are held to, each as an expression; it may allow less than the format.
/// Others are annotations, as JSON Schema has it.
enum StringFormat: String, Sendable {
  case date
  case time
  case dateTime = "date-time"
  case duration
  case uuid
  case email
  case hostname
  case ipv4
  case ipv6

  var expression: String { "^(?:\(body))$" }

  private var body: String {
    switch self {
    case .date: Self.day
    case .time: Self.clock
    case .dateTime: "(?:\(Self.day))T\(Self.clock)"
    case .duration:
      #"P(?:\d{1,4}W|\d{1,4}Y(?:\d{1,2}M(?:\d{1,2}D)?)?|\d{1,2}M(?:\d{1,2}D)?|\d{1,3}D|"#
        + #"(?:\d{1,3}D)?T(?:\d{1,2}H(?:\d{1,2}M(?:\d{1,2}S)?)?|\d{1,2}M(?:\d{1,2}S)?|\d{1,2}S))"#
    case .uuid: "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    case .email: #"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*@\#(Self.label)(?:\.\#(Self.label))+"#
    case .hostname: #"\#(Self.label)(?:\.\#(Self.label))*"#
    case .ipv4: #"\#(Self.byte)(?:\.\#(Self.byte)){3}"#
    case .ipv6: "[0-9a-f]{1,4}(?::[0-9a-f]{1,4}){7}"
    }
  }

  private static let label = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,14}[A-Za-z0-9])?"
  private static let byte = #"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"#
  /// From the year 1000 on, with leap years.
  private static let day =
    #"[1-9]\d{3}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])|"#
    + #"(?:0[469]|11)-(?:0[1-9]|[12]\d|30)|02-(?:0[1-9]|1\d|2[0-8]))|"#
    + #"(?:[1-9]\d(?:0[48]|[2468][048]|[13579][26])|(?:[2468][048]|[13579][26])00)-02-29"#
  private static let clock =
    #"(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,6})?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)"#
}
