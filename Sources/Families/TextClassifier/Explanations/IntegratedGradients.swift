import Autograd
import Files
import NN

/// What each word of a text adds to the score of a class: the gradient by how present the word is, integrated from the
/// empty text to the text (Sundararajan et al. 2017).
///
/// A word that is half present has half of its vector in a convolutional network; in an LSTM the states go half of
/// their way. With no word present both give the scores of the empty text, so that the words' parts sum up to the
/// difference of both texts.
struct IntegratedGradients {
  private let scorer: TextNetworkScorer
  private let numbers: [Int32]
  /// By what logits are multiplied to give the margin of the class, [classes, 1].
  private let direction: Tensor
  /// Numbers of values at a time.
  private static let memory = 1 << 22
  /// The sum is right to so much of the difference.
  private static let tolerance = 0.002

  init(_ scorer: TextNetworkScorer, _ numbers: [Int32], _ label: Int) {
    (self.scorer, self.numbers) = (scorer, numbers)
    let classes = scorer.configuration.classes.count
    let other = -1 / Float(classes - 1)
    direction = Tensor((0..<classes).map { $0 == label ? 1 : other }, [classes, 1])
  }

  /// One a word.
  /// - Throws: ``/Files/AIGCError`` (interrupted) after Ctrl-C.
  func contributions() throws(AIGCError) -> [Double] {
    guard !numbers.isEmpty else { return [] }
    let difference = margin(numbers) - margin([])
    var sums = [Double](repeating: 0, count: numbers.count)
    // The middles of three times as many parts hold those of the parts before.
    var parts = 9
    var isNew: (Int) -> Bool = { _ in true }
    let most = min(6561, max(27, 400_000 / numbers.count))
    while true {
      let places = (0..<parts).filter(isNew).map { (Float($0) + 0.5) / Float(parts) }
      try add(places, to: &sums)
      let result = sums.map { $0 / Double(parts) }
      let error = abs(result.reduce(0, +) - difference)
      if error <= Self.tolerance * abs(difference) + 1e-7 || parts * 3 > most { return result }
      parts *= 3
      isNew = { $0 % 3 != 1 }
    }
  }

  private func margin(_ words: [Int32]) -> Double {
    Double(matmul(scorer.network(scorer.batch([words]), .inference), direction).item)
  }

  /// Adds the gradients at all `places` between the empty text and the text.
  private func add(_ places: [Float], to sums: inout [Double]) throws(AIGCError) {
    let sizes = scorer.configuration.network ?? TextNetworkOptions()
    let steps = numbers.count + 2 * TextNetworkScorer.margin(scorer.configuration)
    let size = max(1, Self.memory / (steps * max(sizes.embedding, sizes.hidden * 8)))
    for first in stride(from: 0, to: places.count, by: size) {
      try Interruption.check()
      let part = Array(places[first..<min(first + size, places.count)])
      for (word, value) in gradients(part).enumerated() { sums[word] += value }
    }
  }

  /// The gradients of all places by the presence of each word, summed.
  private func gradients(_ places: [Float]) -> [Double] {
    let batch = scorer.batch(places.map { _ in numbers })
    let (count, steps) = (batch.count, batch.steps)
    let presence = Parameter(
      Tensor(places.flatMap { [Float](repeating: $0, count: steps) }, [count, steps, 1]))
    let x = scorer.network.embedding.weight.value.detached.gathered(batch.indices)
    let (_, gradients) = valueAndGradients(for: [presence]) {
      let logits =
        scorer.network.recurrent.isEmpty
        ? scorer.network.logits(x * presence.value, batch, .inference)
        : recurrentLogits(x, presence.value, batch)
      return matmul(logits, direction).sum()
    }
    let values = gradients[0].values
    return numbers.indices.map { word in
      (0..<count).reduce(0.0) { $0 + Double(values[$1 * steps + batch.margin + word]) }
    }
  }

  /// The LSTM's logits where words are present in part, step by step.
  private func recurrentLogits(_ x: Tensor, _ presence: Tensor, _ batch: TextBatch) -> Tensor {
    guard let layer = scorer.network.recurrent.first?.layers.first else { return x }
    let weights = layer.weights
    let size = weights.hidden.shape[1]
    var hidden = Tensor([Float](repeating: 0, count: batch.count * size), [batch.count, size])
    var (cell, mean) = (hidden, hidden)
    for step in 0..<batch.steps {
      let input = x.sliced(step..<step + 1, axis: 1).reshaped([batch.count, x.shape[2]])
      let share = presence.sliced(step..<step + 1, axis: 1).reshaped([batch.count, 1])
      let gates =
        linear(input, layer.inputWeight.value, weights.inputBias)
        + linear(hidden, weights.hidden, weights.hiddenBias)
      func gate(_ index: Int) -> Tensor {
        gates.sliced(index * size..<(index + 1) * size, axis: 1)
      }
      let full = sigmoid(gate(1)) * cell + sigmoid(gate(0)) * tanh(gate(2))
      cell = cell + share * (full - cell)
      hidden = hidden + share * (sigmoid(gate(3)) * tanh(full) - hidden)
      mean = mean + share * hidden / Float(numbers.count)
    }
    return scorer.network.output(mean)
  }
}
