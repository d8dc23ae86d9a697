import Autograd
import Checkpoints
import Files
import Kernels
import NN
import TestSupport
import Testing
import Training

@testable import Families

/// Bounds on the likelihood and scores of anomalies beside PyTorch's (`Scripts/fixtures/torch_vae_bounds.py`).
@Suite struct VAEBoundsTests {
  private let file: Checkpoint

  init() throws { file = try Checkpoint.open(fixture("vae_bounds.safetensors")) }

  private func values(_ name: String) throws -> [Float] { try file.tensor(name).floats() }

  private func model(_ name: String) throws -> VAEModel {
    var sizes = VAEConfiguration(.vae, width: 4, height: 3, channels: 1)
    (sizes.latent, sizes.layers) = (3, [8, 6])
    if name == "gaussian" { sizes.likelihood = .gaussian }
    if name == "conditional" { sizes.classes = ["0", "1"] }
    var nothing = RandomSource(seed: 0)
    let networks = nothing.drawn { VAENetworks(sizes, using: &$0) }
    // Strict, and the file holds other tensors too: those of this model alone are looked at.
    for (parameter, value) in networks.namedParameters {
      let stored = try file.tensor("\(name).model.\(parameter)")
      #expect(Shape(stored.shape) == value.shape)
      value.value = Tensor(try stored.floats(), value.shape)
    }
    return VAEModel(sizes, networks)
  }

  private func expectClose(_ found: [Double], _ expected: [Float], _ name: String) {
    #expect(found.count == expected.count, "\(name)")
    for (one, other) in zip(found, expected) {
      #expect(abs(one - Double(other)) <= 2e-5 * max(1, abs(Double(other))), "\(name)")
    }
  }

  @Test(arguments: ["bernoulli", "gaussian", "conditional"])
  func equalTorch(_ name: String) throws {
    let model = try model(name)
    let x = Tensor(try values("\(name).x"), [5, 3, 4, 1])
    let noise = Tensor(try values("\(name).noise"), [5, 30, 3])
    let labels: [Int32] = name == "conditional" ? [0, 1, 0, 1, 0] : []
    let posterior = model.networks.encode(x, labels: labels, .inference)
    let drawn = LatentDraws(x, posterior, labels: labels, noise: noise, model.networks)
    expectClose(
      drawn.reconstructions.values.map { Double($0) }, try values("\(name).reconstructions"), name)
    expectClose(
      drawn.divergences.values.map { Double($0) }, try values("\(name).divergences"), name)
    let kl = divergences(posterior.mean, posterior.logVariance).sum(axis: 1)
    expectClose(kl.values.map { Double($0) }, try values("\(name).kl"), name)
    let bound = ImportanceBound(draws: 30, model.networks)
    var asked = 0
    let found = try bound.negativeLogLikelihoods(of: x, labels: labels) { images, draws in
      asked += images
      return noise.sliced(0..<images).sliced(draws, axis: 1)
    }
    #expect(asked == 5)
    expectClose(found, try values("\(name).iw"), "\(name) iw")
    let pixels = try values("\(name).x").map { $0 * 2 - 1 }
    for measure in AnomalyMeasure.allCases where measure != .iw {
      let scores = try AnomalyScorer(model, measure).scores(pixels, labels: labels)
      expectClose(scores, try values("\(name).\(measure.rawValue)"), "\(name) \(measure)")
    }
  }

  /// A score is that of the image, whatever stands beside it.
  @Test func scoresOfEachAlone() throws {
    let model = try model("bernoulli")
    let pixels = try values("bernoulli.x").map { $0 * 2 - 1 }
    for measure in AnomalyMeasure.allCases {
      let scorer = try AnomalyScorer(model, measure, draws: 7, seed: 3)
      let all = try scorer.scores(pixels + pixels.reversed() + pixels, labels: [])
      for index in 0..<5 {
        let own = try scorer.scores(Array(pixels[index * 12..<(index + 1) * 12]), labels: [])
        #expect(own == [all[index]] && all[index] == all[10 + index], "\(measure)")
      }
    }
  }

  /// More draws than are decoded at once, and sums that would overflow.
  @Test func manyDraws() throws {
    #expect(abs(ImportanceBound.logMeanExp([-2000, -2000]) + 2000) < 1e-9)
    #expect(abs(ImportanceBound.logMeanExp([0, -1e9]) + 0.6931471805599453) < 1e-12)
    #expect(ImportanceBound.logMeanExp([-.infinity, -.infinity]) == -.infinity)
    let model = try model("bernoulli")
    let x = Tensor(try values("bernoulli.x"), [5, 3, 4, 1])
    var random = RandomSource(seed: 1)
    let noise = Tensor.normal([5, 5000, 3], using: &random)
    var (images, parts) = (0, [Int]())
    let found = try ImportanceBound(draws: 5000, model.networks)
      .negativeLogLikelihoods(of: x, labels: []) { count, draws in
        parts.append(draws.count)
        if draws.upperBound == 5000 { images += count }
        let first = draws.upperBound == 5000 ? images - count : images
        return noise.sliced(first..<first + count).sliced(draws, axis: 1)
      }
    #expect(parts.prefix(3) == [2048, 2048, 904] && parts.count == 15)
    let drawn = LatentDraws(
      x, model.networks.encode(x, labels: [], .inference), labels: [], noise: noise,
      model.networks)
    let weights = zip(drawn.reconstructions.values, drawn.divergences.values).map {
      -Double($0) - Double($1)
    }
    for index in 0..<5 {
      let all = ImportanceBound.logMeanExp(Array(weights[index * 5000..<(index + 1) * 5000]))
      #expect(abs(found[index] + all) < 1e-4)
    }
  }

  @Test func thresholds() throws {
    let threshold = AnomalyThreshold(.elbo, of: [4, 1, 3, 2, 5], quantile: 0.9)
    #expect(abs(threshold.value - 4.6) < 1e-12 && threshold.examples == 5)
    #expect(AnomalyThreshold(.elbo, of: [7], quantile: 0.5).value == 7)
    #expect(AnomalyThreshold(.elbo, of: [1, .nan], quantile: 1).value == .infinity)
    var report = AnomalyReport(.elbo, threshold: 2)
    report.append(names: ["a", "b", "c"], scores: [1, 2, 3], truths: [false, true, true])
    #expect(report.isAnomaly(1) == false && report.isAnomaly(2) == true)
    #expect(report.line(2) == "c\t3.0000\tanomaly\n" && report.line(0) == "a\t1.0000\tnormal\n")
    let members = Dictionary(
      uniqueKeysWithValues: report.members(report.curve).map { ($0.name, $0.value.number) })
    #expect(members["roc_auc"] == 1 && members["true_positive_rate"] == 0.5)
    #expect(members["false_positive_rate"] == 0)
    report.append(names: ["d"], scores: [.nan], truths: nil)
    // One of which nothing is known is in no curve.
    #expect(report.curve?.positives == 2 && report.isAnomaly(3) == true)
  }
}
