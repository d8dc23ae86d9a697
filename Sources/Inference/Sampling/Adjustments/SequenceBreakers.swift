import Files

/// Sequences of tokens that no repetition reaches across: what a model's tokens make of
/// ``DRYSettings/sequenceBreakers``.
///
/// A breaker may begin in the midst of a token, or stand in it as a whole: its head. What is left of it is
/// the tail, as the model's tokenizer cuts it. llama.cpp does the same.
package struct SequenceBreakers: Sendable {
  /// The tails of each token that is a head.
  private var tails: [Int32: [[Int32]]] = [:]
  /// The most tokens of a tail; what is behind them is not looked at.
  private static let longestTail = 20

  /// No breakers.
  package init() {}

  /// - Parameter sequences: each its head and its tail; empty ones are passed over.
  package init(sequences: [[Int32]]) {
    for sequence in sequences {
      if let head = sequence.first { add(Array(sequence.dropFirst()), to: head) }
    }
  }

  /// Those of settings in a model's tokens; none where nothing is penalised.
  /// - Throws: ``/Files/AIGCError`` (interrupted) after Ctrl-C.
  init(_ sampling: SamplingConfiguration, of model: any LanguageModel) throws(AIGCError) {
    let isUsed = sampling.mirostat.isOff && sampling.samplers.contains(.dry) && !sampling.dry.isOff
    guard isUsed else {
      self.init()
      return
    }
    func bytes(_ token: Int32) -> [UInt8] {
      var decoder = model.makeDecoder()
      return decoder.append(token) + decoder.finish()
    }
    // A text that has no tokens is none of the model's.
    try self.init(
      sampling.dry.sequenceBreakers, vocabularySize: model.vocabularySize, bytes: bytes
    ) { text in try? model.encode(text) }
  }

  /// - Parameters:
  ///   - texts: see ``DRYSettings/sequenceBreakers``.
  ///   - vocabularySize: the model's token ids are below.
  ///   - bytes: those of a token.
  ///   - encode: cuts a text into tokens; nil where it has none.
  /// - Throws: ``/Files/AIGCError`` (interrupted) after Ctrl-C.
  init(
    _ texts: [String], vocabularySize: Int, bytes: (Int32) -> [UInt8],
    encode: (String) -> [Int32]?
  ) throws(AIGCError) {
    let breakers = texts.map { Array($0.utf8) }.filter { !$0.isEmpty }
    if breakers.isEmpty { return }
    var known = breakers.map { [[Int32]??](repeating: nil, count: $0.count) }
    for id in 0..<Int32(clamping: vocabularySize) {
      try Interruption.check(at: Int(id))
      let token = bytes(id)
      for (index, breaker) in breakers.enumerated() {
        for covered in coveredLengths(of: breaker, by: token) {
          if covered == breaker.count {
            add([], to: id)
            continue
          }
          let tail =
            known[index][covered]
            ?? String(validating: breaker[covered...], as: UTF8.self).flatMap(encode)
          known[index][covered] = .some(tail)
          if let tail, !tail.isEmpty { add(Array(tail.prefix(Self.longestTail)), to: id) }
        }
      }
    }
  }

  private mutating func add(_ tail: [Int32], to head: Int32) {
    if tails[head]?.contains(tail) != true { tails[head, default: []].append(tail) }
  }

  /// Whether a token by itself is a breaker.
  func breaksAlone(_ token: Int32) -> Bool { tails[token]?.contains([]) ?? false }

  /// How many tokens there are behind the last breaker; all where there is none.
  /// - Parameter window: the latest token first.
  func distance(in window: [Int32]) -> Int {
    if tails.isEmpty { return window.count }
    for (position, token) in window.enumerated() {
      guard let candidates = tails[token] else { continue }
      var longest = -1
      for tail in candidates where tail.count > longest && tail.count <= position {
        var matched = 0
        while matched < tail.count, tail[matched] == window[position - 1 - matched] { matched += 1 }
        if matched == tail.count { longest = tail.count }
      }
      if longest >= 0 { return position - longest }
    }
    return window.count
  }
}

/// How many bytes of a breaker a token can hold: all of them, where it has them anywhere; else those at its
/// own end that begin the breaker.
private func coveredLengths(of breaker: [UInt8], by token: [UInt8]) -> [Int] {
  var lengths: [Int] = []
  for start in token.indices where token[start] == breaker[0] {
    let count = min(token.count - start, breaker.count)
    guard breaker[..<count].elementsEqual(token[start..<(start + count)]) else { continue }
    if count == breaker.count { return [count] }
    lengths.append(count)
  }
  return lengths
}
