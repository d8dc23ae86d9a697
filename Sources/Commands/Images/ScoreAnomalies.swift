import Console
import Families
import Files
import Training

extension AnomalyReport {
  /// Writes the answer, the curve's image to `roc`, and what there is to say to standard error.
  func write(to out: String?, json: Bool, roc: String?, model: String) throws(AIGCError) {
    let curve = curve
    if let roc {
      guard let curve else {
        throw .usage("--roc: anomalies and normal ones are needed: --anomaly, --normal or --label")
      }
      try curve.plot(title: "anomalies by \(lastComponent(of: model))", threshold: threshold)
        .image().write(to: roc)
    }
    let answer = try Answer(out, json ? .json : .lines)
    if json {
      let members = [JSONValue.Member("model", .string(model))] + members(curve)
      try answer.write(json: members, array: "results", count: scores.count) { self.json($0) }
    } else {
      for index in scores.indices { try answer.write(line(index)) }
    }
    try answer.finish()
    if !json { notes(curve).forEach { Diagnostics.note($0) } }
    let known = truths.compactMap { $0 }
    if !known.isEmpty {
      let anomalies = known.reduce(0) { $0 + ($1 ? 1 : 0) }
      SampleSize.ofROC(anomalies: anomalies, normal: known.count - anomalies).map {
        Diagnostics.warning($0)
      }
    }
    if threshold == nil {
      Diagnostics.note(
        "no threshold: pass --fit with normal data, or hold some out: 'aigc train vae … --val-split 0.1'"
      )
    }
  }
}
