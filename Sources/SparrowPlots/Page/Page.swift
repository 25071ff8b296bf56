/// A self-contained page of HTML, without scripts.
package struct Page {
  let title: String
  let body: String

  /// `body` is markup, `title` is text.
  package init(title: String, body: String) {
    self.title = title
    self.body = body
  }

  package var markup: String {
    """
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>\(title.markupEscaped)</title>
    <style>
    \(PageStyle.sheet)
    </style>
    </head>
    <body>
    \(body)</body>
    </html>

    """
  }

  /// The page's own heading, and a line that says what it is about; both are text.
  package static func heading(_ heading: String, _ subject: String) -> String {
    "<h1>\(heading.markupEscaped)</h1>\n<p>\(subject.markupEscaped)</p>\n"
  }

  /// A picture under a heading of its own, and a line that says how to read it; both are text.
  package static func figure(_ heading: String, _ svg: SVG, _ caption: String) -> String {
    "<h2>\(heading.markupEscaped)</h2>\n<figure>\n\(svg.markup)"
      + "<figcaption>\(caption.markupEscaped)</figcaption>\n</figure>\n"
  }
}
