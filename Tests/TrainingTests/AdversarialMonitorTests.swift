import Autograd
import Datasets
import Files
import Kernels
import TestSupport
import Testing

@testable import Inference
@testable import Training

/// Images that a test makes up: of the latents themselves, or always the same.
private struct MadeUp: ImageGenerator {
  let latentCount = 16
  let width = 4
  let height = 4
  let channels = 1
  let classes: [String] = []
  /// How many different images there are.
  let variety: Int

  func images(latents: [Float], labels: [Int32]) throws(AIGCError) -> [Float] {
    (0..<latents.count / 16).flatMap { index in
      var values = Array(latents[index * 16..<(index + 1) * 16])
      if variety > 0 {
        // One of a few images, whatever is made beside it.
        var random = RandomSource(seed: UInt64(values[0].bitPattern) % UInt64(variety))
        values = values.map { _ in Float(random.normal()) }
      }
      return values.map { max(-1, min(1, $0 / 2)) }
    }
  }
}

@Suite struct AdversarialMonitorTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// 300 images of noise.
  private func data() throws -> ImageSet {
    var random = RandomSource(seed: 77)
    var bytes: [UInt8] = [0, 0, 8, 3, 0, 0, 1, 44, 0, 0, 0, 4, 0, 0, 0, 4]
    for _ in 0..<300 * 16 {
      let value = max(-1, min(1, random.normal() / 2))
      bytes.append(UInt8(((value + 1) * 127.5).rounded()))
    }
    return try ImageSet.open(folder.write("noise-idx3-ubyte", bytes))
  }

  @Test func healthyGeneratorsAreHealthy() throws {
    let set = try data()
    let health = try AdversarialMonitor(MadeUp(variety: 0), set).evaluate()
    #expect(!health.isCollapsed && health.problem == nil)
    #expect(abs(health.diversity - 1) < 0.1 && abs(health.spread - 1) < 0.1, "\(health)")
    #expect(health.distance < 0.1, "\(health)")
  }

  @Test func collapsesAreNamed() throws {
    let set = try data()
    let same = try AdversarialMonitor(MadeUp(variety: 1), set).evaluate()
    #expect(same.problem?.contains("all the same") == true)
    let few = try AdversarialMonitor(MadeUp(variety: 5), set).evaluate()
    #expect(few.problem?.contains("again and again") == true, "\(few)")
    let healthy = try AdversarialMonitor(MadeUp(variety: 0), set).evaluate()
    #expect(healthy.distance < few.distance && few.distance < same.distance)
  }

  /// A generator of one image's data has nothing else to make.
  @Test func dataOfOneImageIsNoCollapse() throws {
    let path = folder.file("one.png")
    try Image(width: 4, height: 4, color: [9]).write(to: path)
    let health = try AdversarialMonitor(MadeUp(variety: 1), ImageSet.open(path)).evaluate()
    #expect(!health.isCollapsed && health.problem == nil, "\(health)")
  }

  @Test func deadDiscriminatorsAreNamedOnce() throws {
    let set = try data()
    func warnings(_ outcome: AdversarialOutcome) -> [String] {
      let monitor = AdversarialMonitor(MadeUp(variety: 0), set)
      return (0..<4000).compactMap { _ in monitor.observe(outcome) }
    }
    let wins = warnings(AdversarialOutcome(realAccuracy: 1, fakeAccuracy: 1, margin: 9))
    #expect(wins.count == 1 && wins[0].contains("known nearly every image"))
    let dead = warnings(AdversarialOutcome(realAccuracy: 1, fakeAccuracy: 0, margin: 0))
    #expect(dead.count == 1 && dead[0].contains("dead"))
    let healthy = warnings(
      AdversarialOutcome(realAccuracy: 0.9, fakeAccuracy: 0.9, margin: 2))
    #expect(healthy.isEmpty)
  }
}
