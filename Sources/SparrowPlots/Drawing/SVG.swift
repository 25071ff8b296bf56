import SparrowCore

/// An inline SVG picture, written element by element; colours and fonts come from the page's style
/// sheet.
package struct SVG {
  let width: Double
  let height: Double
  /// What the picture shows, for readers who do not see it.
  let label: String
  private var elements = ""

  init(width: Double, height: Double, label: String) {
    self.width = width
    self.height = height
    self.label = label
  }

  enum Anchor: String { case start, middle, end }

  /// `fill` is a colour of its own instead of the class's; `title` is the tooltip.
  mutating func rect(
    x: Double, y: Double, width: Double, height: Double, style: String? = nil,
    fill: String? = nil, title: String? = nil
  ) {
    var attributes: [(String, String)] = [
      ("x", Self.number(x)), ("y", Self.number(y)), ("width", Self.number(width)),
      ("height", Self.number(height)),
    ]
    if let style { attributes.append(("class", style)) }
    if let fill { attributes.append(("fill", fill)) }
    add("rect", attributes, title: title)
  }

  mutating func line(
    _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, style: String
  ) {
    add(
      "line",
      [
        ("x1", Self.number(x1)), ("y1", Self.number(y1)), ("x2", Self.number(x2)),
        ("y2", Self.number(y2)), ("class", style),
      ])
  }

  mutating func polyline(_ points: [(x: Double, y: Double)], style: String) {
    let text = points.map { Self.number($0.x) + "," + Self.number($0.y) }
    add("polyline", [("points", text.joined(separator: " ")), ("class", style)])
  }

  mutating func circle(
    x: Double, y: Double, radius: Double, style: String, title: String? = nil
  ) {
    add(
      "circle",
      [
        ("cx", Self.number(x)), ("cy", Self.number(y)), ("r", Self.number(radius)),
        ("class", style),
      ], title: title)
  }

  /// `turned` reads from bottom to top.
  mutating func text(
    _ text: String, x: Double, y: Double, anchor: Anchor = .start, turned: Bool = false
  ) {
    var attributes: [(String, String)] = [("x", Self.number(x)), ("y", Self.number(y))]
    if anchor != .start { attributes.append(("text-anchor", anchor.rawValue)) }
    if turned {
      attributes.append(("transform", "rotate(-90 \(Self.number(x)) \(Self.number(y)))"))
    }
    elements += Self.open("text", attributes) + ">" + text.markupEscaped + "</text>\n"
  }

  /// The picture as an element of a page.
  package var markup: String {
    let box = "0 0 \(Self.number(width)) \(Self.number(height))"
    return Self.open("svg", [("viewBox", box), ("role", "img"), ("aria-label", label)])
      + ">\n" + elements + "</svg>\n"
  }

  private mutating func add(
    _ name: String, _ attributes: [(String, String)], title: String? = nil
  ) {
    elements += Self.open(name, attributes)
    if let title {
      elements += "><title>" + title.markupEscaped + "</title></\(name)>\n"
    } else {
      elements += "/>\n"
    }
  }

  private static func open(_ name: String, _ attributes: [(String, String)]) -> String {
    attributes.reduce("<" + name) { $0 + " \($1.0)=\"\($1.1.markupEscaped)\"" }
  }

  /// A tenth of a pixel is enough.
  private static func number(_ value: Double) -> String {
    let text = Quantity.fixed(value, 1)
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }
}

extension String {
  /// For the text and the attributes of HTML and SVG.
  var markupEscaped: String {
    var text = ""
    for scalar in unicodeScalars {
      switch scalar {
      case "&": text += "&amp;"
      case "<": text += "&lt;"
      case ">": text += "&gt;"
      case "\"": text += "&quot;"
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text
  }
}
