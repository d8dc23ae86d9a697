import Datasets
import Files

/// From counts to the levels of a model.
enum NGramEstimation {
  static func pack(
    _ counts: NGramCounts, estimator: Estimator, pruning: Pruning
  ) throws(AIGCError) -> (Packing, [Discounts]) {
    let links = try SuffixLinks.build(counts)
    let kept = try pruning.keptNodes(counts)
    let estimated = try ProbabilityEstimation(
      counts: counts, links: links, estimator: estimator, kept: kept
    ).run()
    let packing = try Packing(counts: counts, links: links, kept: kept, estimated: estimated)
    return (packing, estimated.discounts)
  }
}
