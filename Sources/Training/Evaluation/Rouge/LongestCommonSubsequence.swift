import Files

/// Longest common subsequences of numbers.
enum LongestCommonSubsequence {
  /// The most steps of one pair: minutes of one processor.
  private static let largest = 1 << 38
  /// The most bits that a walk back may need: 256 MiB.
  private static let largestTable = 1 << 31

  /// Its length, in memory for one row.
  /// - Throws: ``/Files/AIGCError``: badInput for texts that would take minutes, interrupted.
  static func length(_ first: [Int32], _ second: [Int32]) throws(AIGCError) -> Int {
    guard first.count.multipliedReportingOverflow(by: second.count).partialValue <= largest else {
      throw .badInput("texts of \(first.count) and \(second.count) words: too long for ROUGE-L")
    }
    var row = [Int32](repeating: 0, count: second.count + 1)
    for (index, word) in first.enumerated() {
      if index & 255 == 0 { try Interruption.check() }
      var diagonal: Int32 = 0
      for place in second.indices {
        let above = row[place + 1]
        row[place + 1] = second[place] == word ? diagonal + 1 : max(above, row[place])
        diagonal = above
      }
    }
    return Int(row[second.count])
  }

  /// Marks the places of one subsequence in `first`; of several as long, the one that rouge-score's walk back finds.
  /// - Throws: ``/Files/AIGCError``: badInput for lines whose table is too large, interrupted.
  static func mark(
    _ first: [Int32], _ second: [Int32], _ isHit: inout [Bool]
  ) throws(AIGCError) {
    let columns = second.count
    guard columns > 0, !first.isEmpty else { return }
    guard first.count.multipliedReportingOverflow(by: columns).partialValue <= largestTable else {
      throw .badInput("lines of \(first.count) and \(columns) words: too long for ROUGE-Lsum")
    }
    let stride = (columns + 63) / 64
    // Whether the way back goes left, where the words are not the same.
    var goesLeft = [UInt64](repeating: 0, count: first.count * stride)
    var row = [Int32](repeating: 0, count: columns + 1)
    for (index, word) in first.enumerated() {
      if index & 255 == 0 { try Interruption.check() }
      var diagonal: Int32 = 0
      for place in 0..<columns {
        let (above, left) = (row[place + 1], row[place])
        if left > above { goesLeft[index * stride + place >> 6] |= 1 << UInt64(place & 63) }
        row[place + 1] = second[place] == word ? diagonal + 1 : max(above, left)
        diagonal = above
      }
    }
    var (i, j) = (first.count, columns)
    while i > 0, j > 0 {
      if first[i - 1] == second[j - 1] {
        isHit[i - 1] = true
        (i, j) = (i - 1, j - 1)
      } else if goesLeft[(i - 1) * stride + (j - 1) >> 6] >> UInt64((j - 1) & 63) & 1 == 1 {
        j -= 1
      } else {
        i -= 1
      }
    }
  }
}
