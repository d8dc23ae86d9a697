import Archives
import Datasets
import Files

/// The letters of GNU Unifont, for labels beyond ASCII: bitmaps of 8 or 16 by 16 pixels, in the table that
/// `Scripts/bundle-font` makes and describes.
struct UnicodeFont: Sendable {
  /// Neighbours in the table, all of one width.
  private struct Run {
    var first: Int
    var count: Int
    /// Bytes of each bitmap.
    var size: Int
    /// Where the first bitmap begins.
    var start: Int
  }

  private let table: [UInt8]
  private let runs: [Run]

  /// Beside the bundled models.
  static let file = "unifont/glyphs.gz"
  private static let signature = Array("aigcfnt1".utf8)
  /// Bytes of the unpacked table: 1.9 MB, and some room.
  private static let most = 1 << 22
  /// Rows above the baseline, that of the capitals' feet included.
  static let ascent = 14

  /// Read when the first label needs it; nil where it is not installed, or damaged.
  static let bundled: UnicodeFont? = {
    guard let executable = executablePath(),
      let folder = bundledFolder(executable: executable)
    else { return nil }
    return try? UnicodeFont(path: "\(folder)/\(file)")
  }()

  /// - Throws: ``/Files/AIGCError`` (badInput) when the table is missing or damaged.
  init(path: String) throws(AIGCError) {
    let table = try GzipReader(path: path).read(Self.most)
    let header = Self.signature.count
    func number(_ place: Int) -> Int {
      (0..<4).reduce(0) { $0 | Int(table[place + $1]) << (8 * $1) }
    }
    guard table.count > header + 4, table.starts(with: Self.signature),
      case let count = number(header), count <= (table.count - header - 4) / 12
    else { throw .badInput("\(path): no table of letters") }
    var start = header + 4 + count * 12
    var runs: [Run] = []
    for place in stride(from: header + 4, to: start, by: 12) {
      let run = Run(
        first: number(place), count: number(place + 4), size: number(place + 8), start: start)
      let isNext = runs.last.map { $0.first + $0.count <= run.first } ?? true
      guard run.size == 16 || run.size == 32, isNext, run.count <= (table.count - start) / run.size
      else { throw .badInput("\(path): damaged at byte \(place)") }
      start += run.count * run.size
      runs.append(run)
    }
    (self.table, self.runs) = (table, runs)
  }

  /// - Returns: nil for what the font has no letter for.
  func glyph(of scalar: Unicode.Scalar) -> PlotFont.Glyph? {
    let code = Int(scalar.value)
    // The first run that begins after the letter.
    var (low, high) = (0, runs.count)
    while low < high {
      let middle = (low + high) / 2
      if runs[middle].first <= code { low = middle + 1 } else { high = middle }
    }
    guard low > 0, case let run = runs[low - 1], code - run.first < run.count else { return nil }
    let start = run.start + (code - run.first) * run.size
    let width = run.size / 2
    var columns = [UInt16](repeating: 0, count: width)
    for row in 0..<16 {
      for column in 0..<width {
        let byte = table[start + row * (width / 8) + column / 8]
        if byte >> UInt8(7 - column % 8) & 1 == 1 { columns[column] |= 1 << UInt16(row) }
      }
    }
    var glyph = PlotFont.Glyph(
      columns: columns, advance: width, top: PlotFont.ascent - Self.ascent)
    if Self.isProportional(code), !PlotScript.isMark(scalar) { glyph.trim() }
    return glyph
  }

  /// Alphabets that are easier to read when letters are as wide as their ink. The others join their letters,
  /// or stand in a grid.
  private static func isProportional(_ code: Int) -> Bool {
    code < 0x590 || (0x1E00..<0x2070).contains(code)
  }
}
