/// Rows as text with aligned columns; the last one is left as it is.
package func table(_ rows: [[String]]) -> String {
  let columns = rows.first?.count ?? 0
  let widths = (0..<columns).map { column in rows.reduce(0) { max($0, Format.columns($1[column])) }
  }
  return rows.map { row in
    let cells = row.enumerated().map { index, cell in
      index + 1 < columns ? padded(cell, widths[index]) : cell
    }
    return cells.joined(separator: "  ") + "\n"
  }.joined()
}

/// `text` with spaces up to `width` columns of a terminal.
package func padded(_ text: String, _ width: Int) -> String {
  text + String(repeating: " ", count: max(0, width - Format.columns(text)))
}
