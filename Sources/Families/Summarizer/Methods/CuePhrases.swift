import Files

/// Phrases that announce what a text is about, or that what follows is by the way: Edmundson's bonus and stigma words
/// ("New methods in automatic extracting", 1969), with those of papers and meetings of today.
struct CuePhrases {
  /// What a sentence holds.
  struct Found {
    /// It says what the text does: "in this paper", "we propose".
    var announces = false
    /// It speaks of the text or its authors' work.
    var refers = false
    /// It concludes.
    var concludes = false
    /// It gives an example or a detail.
    var digresses = false

    /// Edmundson's sum.
    var score: Double {
      (announces ? 2 : 0) + (refers ? 1 : 0) + (concludes ? 1 : 0) - (digresses ? 1 : 0)
    }
  }

  private enum Kind { case announces, refers, concludes, digresses }

  /// By the first word: the words that follow.
  private var phrases: [Int32: [(rest: [Int32], kind: Kind)]] = [:]

  /// Finds the phrases by the numbers of a table.
  init(_ table: inout TermTable) {
    for (kind, list) in Self.lists {
      for phrase in list {
        for words in Self.expanded(phrase) {
          let ids = words.map { table.id(Array($0.utf8)) }
          guard let first = ids.first else { continue }
          phrases[first, default: []].append((Array(ids.dropFirst()), kind))
        }
      }
    }
  }

  func find(_ sentence: SummarySentence) -> Found {
    var found = Found()
    let words = sentence.words
    for (place, word) in words.enumerated() {
      guard let candidates = phrases[word] else { continue }
      for (rest, kind) in candidates
      where words.count - place > rest.count
        && words[(place + 1)..<(place + 1 + rest.count)].elementsEqual(rest)
      {
        switch kind {
        case .announces: (found.announces, found.refers) = (true, true)
        case .refers: found.refers = true
        case .concludes: found.concludes = true
        case .digresses: found.digresses = true
        }
      }
    }
    return found
  }

  /// Among sentences alike, earlier ones come first.
  func scores(_ document: SummaryDocument) -> [Double] {
    let count = Double(max(document.sentences.count, 1))
    return document.sentences.enumerated().map { index, sentence in
      find(sentence).score + 0.1 * (1 - Double(index) / count)
    }
  }

  /// "we propose|present" is two phrases.
  private static func expanded(_ phrase: String) -> [[Substring]] {
    var all: [[Substring]] = [[]]
    for part in phrase.split(separator: " ") {
      let choices = part.split(separator: "|")
      all = all.flatMap { before in choices.map { before + [$0] } }
    }
    return all
  }

  private static let lists: [(Kind, [String])] = [
    (
      .announces,
      [
        "in this paper|work|article|study|report|chapter", "we propose|present|introduce|develop",
        "here we",
        "this paper|work|article|study|report proposes|presents|introduces|studies|describes",
        "the purpose|aim|goal of this", "本 文 提 出", "本 文 介 绍", "我 们 提 出", "本 研 究",
      ]
    ),
    (
      .refers,
      [
        "this paper|work|article|study|report",
        "we show|demonstrate|study|investigate|describe|explore|address|consider|provide|find|argue",
        "our method|approach|model|result|results|work|main|framework|contribution|contributions",
        "本 文", "我 们",
      ]
    ),
    (
      .concludes,
      [
        "in conclusion|summary|short|sum|brief|essence", "to conclude|summarize|summarise|sum",
        "overall",
        "most importantly", "the main|key|most important", "we conclude|agreed|decided",
        "as a result",
        "总 之", "综 上", "因 此",
      ]
    ),
    (
      .digresses,
      [
        "for example|instance", "such as", "e g", "hardly", "impossible", "incidentally",
        "by the way",
        "see figure|table|section|appendix", "例 如", "比 如",
      ]
    ),
  ]
}
