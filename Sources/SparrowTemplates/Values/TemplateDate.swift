internal import SparrowCore

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// A day and a time, for `strftime_now`.
struct TemplateDate {
  private var (year, month, day) = (1970, 1, 1)
  private var (hour, minute, second) = (0, 0, 0)

  private init() {}

  /// Local time, as Python's `datetime.now()`.
  static func now() -> TemplateDate {
    var seconds = time(nil)
    var local = tm()
    var date = TemplateDate()
    guard localtime_r(&seconds, &local) != nil else { return date }
    date.year = Int(local.tm_year) + 1900
    date.month = Int(local.tm_mon) + 1
    date.day = Int(local.tm_mday)
    date.hour = Int(local.tm_hour)
    date.minute = Int(local.tm_min)
    date.second = Int(local.tm_sec)
    return date
  }

  /// `2024-07-26`, perhaps with a time `T09:30:00`; nil for anything else.
  init?(_ text: String) {
    let bytes = Array(text.utf8)
    guard bytes.count == 10 || bytes.count == 19 else { return nil }
    let pattern = Array("0000-00-00T00:00:00".utf8)
    for (byte, expected) in zip(bytes, pattern) {
      guard expected == UInt8(ascii: "0") ? (48...57).contains(byte) : byte == expected else {
        return nil
      }
    }
    func number(_ range: Range<Int>) -> Int {
      range.upperBound > bytes.count ? 0 : bytes[range].reduce(0) { $0 * 10 + Int($1) - 48 }
    }
    year = number(0..<4)
    month = number(5..<7)
    day = number(8..<10)
    hour = number(11..<13)
    minute = number(14..<16)
    second = number(17..<19)
    guard year > 0, (1...12).contains(month), (1...daysInMonth).contains(day), hour < 24,
      minute < 60, second < 60
    else { return nil }
  }

  private var isLeap: Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }

  private var daysInMonth: Int {
    month == 2 ? (isLeap ? 29 : 28) : [4, 6, 9, 11].contains(month) ? 30 : 31
  }

  /// From 1.
  private var dayOfYear: Int {
    let before = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334]
    return before[month - 1] + day + (month > 2 && isLeap ? 1 : 0)
  }

  /// 0 is Sunday.
  private var weekday: Int {
    let years = year - 1
    return (years * 365 + years / 4 - years / 100 + years / 400 + dayOfYear) % 7
  }

  /// The date by C's `strftime` in the C locale; formats other than the common ones are refused.
  func formatted(_ format: String, file: String, line: Int) throws(SparrowError) -> String {
    let months = [
      "January", "February", "March", "April", "May", "June", "July", "August", "September",
      "October", "November", "December",
    ]
    let days = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
    var out = String.UnicodeScalarView()
    var rest = format.unicodeScalars.makeIterator()
    func padded(_ value: Int, _ width: Int = 2) -> String {
      let digits = "\(value)"
      return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }
    while let scalar = rest.next() {
      guard scalar == "%" else {
        out.append(scalar)
        continue
      }
      let code = rest.next()
      let text: String
      switch code {
      case "Y": text = "\(year)"
      case "y": text = padded(year % 100)
      case "m": text = padded(month)
      case "d": text = padded(day)
      case "B": text = months[month - 1]
      case "b", "h": text = String(months[month - 1].prefix(3))
      case "A": text = days[weekday]
      case "a": text = String(days[weekday].prefix(3))
      case "j": text = padded(dayOfYear, 3)
      case "H": text = padded(hour)
      case "I": text = padded(hour % 12 == 0 ? 12 : hour % 12)
      case "M": text = padded(minute)
      case "S": text = padded(second)
      case "p": text = hour < 12 ? "AM" : "PM"
      case "F": text = "\(year)-\(padded(month))-\(padded(day))"
      case "T": text = "\(padded(hour)):\(padded(minute)):\(padded(second))"
      case "%": text = "%"
      default:
        throw SparrowError(
          .unsupported, file: file, field: "line \(line)",
          found: "the date format '%\(code.map { String($0) } ?? "")'",
          expected: "a construct that Sparrow's templates know")
      }
      out.append(contentsOf: text.unicodeScalars)
    }
    return String(out)
  }
}
