import Autograd
import Datasets
import Files
import Glibc
import Training

extension VQVAEModel: AnomalyAutoencoder {
  var anomalyMeasures: [AnomalyMeasure] { [.relative, .elbo, .reconstruction, .deviance] }
  /// An image has one grid of codes.
  var drawsLatents: Bool { false }
  var exampleLength: Int { configuration.imageCount }
  var likelihood: VAELikelihood { networks.likelihood }
  var threshold: AnomalyThreshold? { configuration.threshold }

  func input(_ values: [Float]) -> Tensor { configuration.input(values) }

  func losses(
    _ measure: AnomalyMeasure, draws: Int, seed: UInt64
  ) throws(AIGCError) -> VQVAEAnomalyLosses {
    if measure == .elbo, prior == nil {
      throw .badInput(
        "the model has no prior of codes, which the bound needs: its training has not ended; see "
          + "`resume(in:)`")
    }
    return VQVAEAnomalyLosses(
      networks: networks, prior: measure == .elbo ? prior : nil,
      batch: configuration.batch(upTo: 64))
  }

  func labels(of set: ImageSet) -> [Int32]? { nil }

  func check(scores: [Double]) throws(AIGCError) {
    guard !scores.allSatisfy({ $0.isFinite }) else { return }
    if let damage = DamagedWeights.find(in: networks.namedParameters, of: weightsPath) {
      throw damage
    }
  }
}

/// -log p(x | codes) of images, and where there is a prior, -log p(codes) with it.
struct VQVAEAnomalyLosses: AnomalyLosses {
  fileprivate let networks: VQVAENetworks
  fileprivate let prior: CodeGridModel?
  let batch: Int

  func losses(of x: Tensor, labels: [Int32]) -> [Double] {
    let found = networks.encode(x, .inference)
    let logits = networks.decode(found.vectors, .inference)
    let losses = networks.likelihood.losses(x, logits: logits).values.map { Double($0) }
    guard let prior else { return losses }
    let size = found.codes.count / losses.count
    return losses.enumerated().map { index, loss in
      loss + prior.bits(of: Array(found.codes[index * size..<(index + 1) * size])) * M_LN2
    }
  }
}

extension VQVAEFamily: AnomalyFamily {
  /// Scores images by their reconstruction or bound.
  /// - Throws: ``/Files/AIGCError``: badInput for what cannot be read and for a damaged model, mismatch for a
  ///   table, usage for options of tables, for measures that need draws and for named classes that are
  ///   not there.
  public func score(
    _ path: String, _ paths: [String], _ options: AnomalyOptions, _ notices: NoticeHandler
  ) throws(AIGCError) -> AnomalyReport {
    try withoutActuallyEscaping(notices) { (notices) throws(AIGCError) in
      try ImageAnomalies(VQVAEModel(folder: path), path, options, notices).report(paths)
    }
  }
}
