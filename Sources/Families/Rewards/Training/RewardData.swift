import Files
import Kernels

/// The prompts of a run: those to learn from, and those that it is measured on.
struct RewardData: Sendable {
  struct Prompt: Sendable {
    var text: String
    var tokens: [Int32]
  }

  private(set) var learned: [Prompt] = []
  /// Held out; where nothing is, some of those that are learned from.
  private(set) var measured: [Prompt] = []
  /// Whether ``measured`` is learned from too.
  private(set) var isHeldOut = true

  /// The most prompts that are measured on, and completions of each.
  static let most = 64
  static let samples = 4

  /// - Parameters:
  ///   - prompts: to learn from.
  ///   - heldOut: others to be measured on; nil: a share of the prompts.
  ///   - share: from 0 to below 1.
  ///   - seed: of the choice.
  init(_ prompts: [Prompt], heldOut: [Prompt]?, share: Double, seed: UInt64) {
    var order = prompts
    var random = RandomSource(seed: seed ^ 0x5052_4F4D)
    random.shuffle(&order)
    if let heldOut {
      learned = order
      measured = heldOut
    } else {
      let count = share > 0 ? max(1, Int(Double(order.count) * share)) : 0
      measured = Array(order.prefix(min(count, order.count - 1)))
      learned = Array(order.dropFirst(measured.count))
    }
    if measured.isEmpty { (measured, isHeldOut) = (learned, false) }
    measured = Array(measured.prefix(Self.most))
  }

  /// The prompts of a step: all once in an order of chance, then in another one.
  func batch(_ step: Int, size: Int, seed: UInt64) -> [Prompt] {
    var result: [Prompt] = []
    var position = step * size
    while result.count < size {
      let (pass, place) = position.quotientAndRemainder(dividingBy: learned.count)
      var order = Array(learned.indices)
      var random = RandomSource(seed: seed ^ 0x4F52_4445, stream: pass)
      random.shuffle(&order)
      let part = order[place..<min(place + size - result.count, order.count)]
      result += part.map { learned[$0] }
      position += part.count
    }
    return result
  }

  /// A number that differs between sets of prompts.
  var fingerprint: Int64 {
    var sum: UInt64 = 0xCBF2_9CE4_8422_2325
    for prompt in measured + learned {
      for byte in prompt.text.utf8 { sum = (sum ^ UInt64(byte)) &* 0x100_0000_01B3 }
      sum = (sum ^ 10) &* 0x100_0000_01B3
    }
    return Int64(bitPattern: sum)
  }
}
