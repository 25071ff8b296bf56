/// A table of texts: one column for the dense model, one for each adapter.
public struct ReportTable: Sendable, Equatable {
  public struct Row: Sendable, Equatable {
    public var label: String
    /// `[columns]`; empty where a figure has no meaning.
    public var cells: [String]
  }

  public var columns: [String]
  public private(set) var rows: [Row] = []

  package init(columns: [String]) { self.columns = columns }

  /// Adds a row, unless all of its cells are empty.
  package mutating func add(_ label: String, _ cells: [String]) {
    precondition(cells.count == columns.count, "a cell for each column")
    if cells.contains(where: { !$0.isEmpty }) { rows.append(Row(label: label, cells: cells)) }
  }

  /// Columns flush right, for a terminal.
  public var text: String {
    let labelWidth = rows.map(\.label.count).max() ?? 0
    let widths = columns.indices.map { column in
      max(columns[column].count, rows.map { $0.cells[column].count }.max() ?? 0)
    }
    func line(_ label: String, _ cells: [String]) -> String {
      var line = label + String(repeating: " ", count: labelWidth - label.count)
      for (cell, width) in zip(cells, widths) {
        line += String(repeating: " ", count: width - cell.count + 3) + cell
      }
      while line.last == " " { line.removeLast() }
      return line + "\n"
    }
    return rows.reduce(line("", columns)) { $0 + line($1.label, $1.cells) }
  }
  /// The table as an element of a page; wide ones scroll.
  package var markup: String {
    func row(_ label: String, _ cells: [String], _ element: String) -> String {
      cells.reduce("<tr><th>\(label.markupEscaped)</th>") {
        $0 + "<\(element)>\($1.markupEscaped)</\(element)>"
      } + "</tr>\n"
    }
    return rows.reduce("<div class=\"wide\"><table>\n" + row("", columns, "th")) {
      $0 + row($1.label, $1.cells, "td")
    } + "</table></div>\n"
  }
}
