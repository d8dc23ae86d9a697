import Datasets
import Files
import Kernels

/// The n-grams of texts as rows of a table, as often as they stand there.
struct BagOfNGrams: Sendable {
  let index: FeatureIndex
  /// Where each text's rows begin, and the end of the last.
  let starts: [Int]
  /// Rows of the table; those of negated words as -1 - row.
  let rows: [Int32]

  var count: Int { starts.count - 1 }

  /// - Parameters:
  ///   - texts: the texts.
  ///   - features: how they become n-grams.
  ///   - minCount: rarer n-grams are left out.
  /// - Throws: ``/Files/AIGCError`` (interrupted) after Ctrl-C.
  init(_ texts: TextList, _ features: TextFeatures, minCount: Int) throws(AIGCError) {
    let block = 512
    let blocks = (texts.count + block - 1) / block
    let slots = ParallelSlots<[[UInt64]]>(count: blocks)
    parallelFor(blocks) { number in
      if Interruption.isRequested { return }
      slots.set(
        number,
        (number * block..<min(texts.count, (number + 1) * block)).map { text in
          features.occurrences(TextWords(texts[text]).words).map {
            UInt64($0.key) | ($0.isNegated ? 1 << 32 : 0)
          }
        })
    }
    try Interruption.check()
    var index = FeatureIndex(capacity: 1 << 18)
    var (starts, rows): ([Int], [Int32]) = ([0], [])
    var counts: [Int32] = []
    for number in 0..<blocks {
      for text in slots.take(number) ?? [] {
        for key in text {
          let row = index.number(of: UInt32(truncatingIfNeeded: key))
          if row == counts.count { counts.append(0) }
          counts[row] += 1
          rows.append(key >> 32 == 0 ? Int32(row) : -1 - Int32(row))
        }
        starts.append(rows.count)
      }
    }
    guard minCount > 1 else {
      (self.index, self.starts, self.rows) = (index, starts, rows)
      return
    }
    var kept = FeatureIndex(capacity: index.count)
    let places = index.keys.enumerated().map { row, key in
      counts[row] >= minCount ? Int32(kept.number(of: key)) : -1
    }
    var (keptStarts, keptRows): ([Int], [Int32]) = ([0], [])
    for text in 0..<starts.count - 1 {
      for row in rows[starts[text]..<starts[text + 1]] {
        let place = places[Int(row < 0 ? -1 - row : row)]
        if place >= 0 { keptRows.append(row < 0 ? -1 - place : place) }
      }
      keptStarts.append(keptRows.count)
    }
    (self.index, self.starts, self.rows) = (kept, keptStarts, keptRows)
  }
}
