import Datasets
import Files
import Kernels
import TestSupport
import Testing

@testable import Inference
@testable import Training

private func report(
  _ samples: [String], _ training: [String], length: Int = 40
) throws -> MemorizationReport {
  var memorization = try Memorization(samples.map { Array($0.utf8) })
  for text in training {
    memorization.beginText()
    memorization.read(try Table(Array(text.utf8)))
  }
  return memorization.report(length: length)
}

/// The same by trying every substring.
private func slowReport(
  _ samples: [String], _ training: [String], length: Int
) -> MemorizationReport {
  let texts = training.map { Array($0.unicodeScalars) }
  func stands(_ piece: ArraySlice<Unicode.Scalar>) -> Bool {
    texts.contains { text in
      text.indices.contains { start in text[start...].starts(with: piece) }
    }
  }
  var report = MemorizationReport()
  var (bytes, covered, lengths) = (0, 0, [Int]())
  for sample in samples {
    let scalars = Array(sample.unicodeScalars)
    var isCovered = [Bool](repeating: false, count: scalars.count)
    // The longest match that starts at each place; maximal when it ends after the one before it.
    var lastEnd = 0
    for start in scalars.indices {
      var end = start
      while end < scalars.count, stands(scalars[start...end]) { end += 1 }
      guard end > lastEnd, end > start else { continue }
      lastEnd = end
      lengths.append(end - start)
      if end - start >= length {
        for index in start..<end { isCovered[index] = true }
      }
      if end - start > report.longest {
        report.longest = end - start
        var text = String.UnicodeScalarView()
        text.append(contentsOf: scalars[start..<end])
        report.longestText = Array(String(text).utf8)
      }
    }
    bytes += sample.utf8.count
    for index in scalars.indices where isCovered[index] { covered += UTF8.width(scalars[index]) }
  }
  if bytes > 0 { report.share = Double(covered) / Double(bytes) }
  if !lengths.isEmpty {
    report.average = Double(lengths.reduce(0, +)) / Double(lengths.count)
  }
  return report
}

@Suite struct MemorizationTests {
  @Test func equalsBruteForce() throws {
    var random = RandomSource(seed: 5, stream: 0)
    // The last two share lead bytes, the ones before them continuation bytes.
    let alphabets: [[Unicode.Scalar]] = [
      ["a", "b"], ["a", "b", "c"], ["a", "é", "ã", "中", "丮"], ["a", "ĩ", "é", "中", "丮", "😀", "😁"],
    ]
    func text(_ alphabet: [Unicode.Scalar], _ most: Int) -> String {
      var text = String.UnicodeScalarView()
      for _ in 0..<Int(random.next() % UInt64(most + 1)) {
        text.append(alphabet[Int(random.next() % UInt64(alphabet.count))])
      }
      return String(text)
    }
    for round in 0..<400 {
      let alphabet = alphabets[round % alphabets.count]
      let samples = (0...round % 3).map { _ in text(alphabet, 20) }
      let training = (0...round % 2).map { _ in text(alphabet, 40) }
      let expected = slowReport(samples, training, length: 3)
      let actual = try report(samples, training, length: 3)
      #expect(actual == expected, "\(samples) in \(training)")
    }
  }

  @Test func knownCases() throws {
    let training = "the quick brown fox jumps over the lazy dog"
    let some = try report(["a quick brown cat"], [training], length: 10)
    #expect(some.longest == 13)
    #expect(String(decoding: some.longestText, as: UTF8.self) == " quick brown ")
    #expect(abs(some.share - 13.0 / 17) < 1e-12)
    // "a", " quick brown ", "c", "a", "t": "ca" and "at" stand nowhere.
    #expect(abs(some.average - 17.0 / 5) < 1e-12)

    #expect(try report(["a quick brown cat"], [training], length: 14).share == 0)
    #expect(try report(["XYZ"], ["abc"]) == MemorizationReport())
    #expect(try report([""], ["abc"]) == MemorizationReport())
    #expect(try report([], ["abc"]) == MemorizationReport())
    // White space is compared as it is.
    #expect(try report(["quick  brown"], [training], length: 6).longest == 6)
  }

  @Test func copiesOfTheWhole() throws {
    let line = "All happy families are alike; each unhappy one is unhappy in its own way."
    let all = try report([line, line], ["x" + line + "y"])
    #expect(all.share == 1 && all.longest == 73 && all.average == 73)
    let half = try report([line, String(repeating: "#", count: 73)], [line])
    #expect(half.share == 0.5)
  }

  @Test func lengthsCountCharacters() throws {
    // 春 and 昤 begin with the same two bytes.
    let wide = try report(["江春夜"], ["昤夜江昤"], length: 1)
    #expect(wide.longest == 1 && wide.average == 1)
    #expect(abs(wide.share - 6.0 / 9) < 1e-12)
    let poem = "春眠不覺曉，處處聞啼鳥。"
    #expect(try report([poem], [poem], length: 12).share == 1)
    #expect(try report([poem], [poem], length: 13).share == 0)
  }

  @Test func bytesThatAreNoText() throws {
    var memorization = try Memorization([[0xFF, 0x80, 0x41, 0xE4, 0xB8]])
    memorization.read(try Table([0x80, 0x41, 0xE4, 0xB8]))
    let report = memorization.report(length: 3)
    #expect(report.longest == 3 && report.longestText == [0x80, 0x41, 0xE4, 0xB8])
    #expect(report.share == 0.8)
    var every = try Memorization([(0...255).map { UInt8($0) }])
    every.read(try Table((0...255).map { UInt8($0) }))
    #expect(every.report(length: 1).share == 1)
  }

  @Test func copiesKeepToOneTextEach() throws {
    #expect(try report(["abcd"], ["ab", "cd"]).longest == 2)
    #expect(try report(["ab", "cd"], ["abcd"]).longest == 2)
  }

  @Test func piecesAndSeveralReports() throws {
    let text = "the rain in Spain stays mainly in the plain"
    var memorization = try Memorization([Array("in Spain stays".utf8), Array("plain rain".utf8)])
    var reports: [MemorizationReport] = []
    for byte in text.utf8 {
      memorization.read(try Table([byte]))
      reports.append(memorization.report(length: 3))
    }
    #expect(reports.last == (try report(["in Spain stays", "plain rain"], [text], length: 3)))
    for (index, one) in reports.enumerated() {
      let part = String(text.prefix(index + 1))
      #expect(one == (try report(["in Spain stays", "plain rain"], [part], length: 3)))
    }
  }

  @Test func readsFiles() throws {
    let folder = try TemporaryFolder()
    // Longer than a piece, in one line.
    let text = String(repeating: "x", count: (4 << 20) - 5) + "needle in a haystack"
    let path = try folder.write("corpus.txt", text)
    var memorization = try Memorization([Array("a needle in a hay".utf8)])
    try memorization.read(path: path)
    #expect(memorization.report(length: 10).longest == 15)
    let empty = try folder.write("empty.txt", "")
    #expect(throws: AIGCError.self) { try memorization.read(path: empty) }
    #expect(throws: AIGCError.self) { try memorization.read(path: folder.file("none")) }
  }
}
