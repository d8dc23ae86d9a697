import Datasets
import Files
import Glibc
public func temporaryMain() throws {
  let a = CommandLine.arguments
  var t = ContinuousClock.now
  func lap(_ s: String) { let n = ContinuousClock.now; print(s, n - t); t = n }
  let text = try MappedFile(path: a[1]).bytes()
  let (tokens, vocabulary) = try temporaryEncode(text)
  lap("encode")
  let order = Int(a[2]) ?? 5
  let counts = try TokenCounter(tokens: tokens, order: order, vocabularySize: vocabulary.count).count()
  lap("count")
  let links = try SuffixLinks.build(counts)
  lap("links")
  let pruning = Pruning(thresholds: a.count > 4 ? a[4].split(separator: ",").map { UInt32($0) ?? 0 } : [0], order: order)
  let kept = try pruning.keptNodes(counts)
  let estimated = try ProbabilityEstimation(counts: counts, links: links, estimator: .kneserNey, kept: kept).run()
  lap("estimate")
  for d in estimated.discounts { print(d) }
  let packing = try Packing(counts: counts, links: links, kept: kept, estimated: estimated)
  if a[3].hasSuffix(".arpa") {
    var levels: [NGramLevel] = []
    for level in 0..<order { levels.append(try packing.level(level)) }
    lap("pack")
    let model = NGramTable(vocabulary: vocabulary, levels: levels, unseenContextBackoff: 0)
    let out = try OutputFile(path: a[3])
    try ARPAWriter(model: model, spelling: { $0 }).write { (b) throws(AIGCError) in try out.write(b) }
    try out.commit(sync: false)
    lap("arpa")
  } else {
    try NGramFile.write(to: a[3], vocabulary: vocabulary, order: order, unseenContextBackoff: 0, isQuantized: false) { (l) throws(AIGCError) in try packing.level(l) }
    lap("write")
  }
}
