import Files

/// How many examples a measure needs to mean something, in one place for all of them. Each rule follows from
/// how the measure is computed; each gives one line for people, or nil where there are enough.
public enum SampleSize {
  /// Examples below which means and shares scatter: a share of one half then by a tenth, twice its deviation.
  public static let few = 100
  /// The half of a 95% interval from which on a share is called uncertain.
  static let widest = 0.1
  /// Deviations of a 95% interval.
  private static let z = 1.96

  private static func percent(_ share: Double) -> String { "\(Int((share * 100).rounded()))%" }

  // MARK: Distances between sets of images

  /// Whether the spheres of precision and recall have an end: each reaches an image's `neighbor`th neighbour.
  /// With fewer others they cover everything, and all images count as near.
  public static func hasNeighbors(_ count: Int, neighbor: Int) -> Bool { count > neighbor }

  /// What there is to say of distances between two sets.
  /// - Parameters:
  ///   - counts: of the images of each.
  ///   - features: numbers that describe an image.
  ///   - neighbor: 3 where the spheres of precision and recall reach an image's third neighbour.
  public static func ofDistances(_ counts: [Int], features: Int, neighbor: Int) -> [String] {
    let least = counts.min() ?? 0
    var lines: [String] = []
    if !hasNeighbors(least, neighbor: neighbor) {
      lines.append(
        "precision and recall need more than \(neighbor) images on each side, which \(least) are not: "
          + "what cannot be told is left out")
    }
    if let line = ofCovariance(least, features: features) { lines.append(line) }
    if least < few {
      lines.append(
        "\(least) images: kid, precision, recall and shares scatter; take \(few) or more")
    }
    return lines
  }

  /// The covariance of n examples has at most the rank n - 1: below the number of features the Fréchet
  /// distance compares normal distributions that it cannot know.
  public static func ofCovariance(_ count: Int, features: Int) -> String? {
    guard count <= features else { return nil }
    return
      "Fréchet distance of \(count) images: too large, since features of \(features) numbers need more than "
      + "\(features) images (their covariance is singular), and many more to be exact"
  }

  /// What a training's evaluations compare with.
  public static func ofMonitor(_ count: Int) -> String? {
    guard count < few else { return nil }
    return
      "\(count) images to learn from: the training's measures (sliced_wasserstein, diversity, spread) compare "
      + "with these only and scatter"
  }

  // MARK: Shares and means

  /// The 95% interval of a share (Wilson 1927).
  public static func interval(_ hits: Int, of count: Int) -> ClosedRange<Double> {
    let (n, p) = (Double(max(count, 1)), Double(hits) / Double(max(count, 1)))
    let center = (p + z * z / (2 * n)) / (1 + z * z / n)
    let half = z / (1 + z * z / n) * (p * (1 - p) / n + z * z / (4 * n * n)).squareRoot()
    return max(center - half, 0)...min(center + half, 1)
  }

  /// The share of `hits` among `count` examples.
  /// - Parameters:
  ///   - name: of the measure: "accuracy".
  ///   - hits: examples that the share is of.
  ///   - count: all examples.
  public static func ofShare(_ name: String, _ hits: Int, of count: Int) -> String? {
    let interval = interval(hits, of: count)
    guard interval.upperBound - interval.lowerBound > 2 * widest else { return nil }
    return
      "\(name) of \(counted(count, "image")): of many it would lie between "
      + "\(percent(interval.lowerBound)) and \(percent(interval.upperBound)); measure on more"
  }

  /// Means over examples.
  /// - Parameters:
  ///   - names: of the measures.
  ///   - count: examples that the means are over.
  ///   - items: what is measured: "images".
  public static func ofMeans(_ names: String, _ count: Int, _ items: String) -> String? {
    guard count < few else { return nil }
    return "\(names) of \(count) \(items): means of so few scatter; take \(few) or more"
  }

  /// The perplexity of codes is at most their number.
  public static func ofCodes(_ count: Int, entries: Int) -> String? {
    guard count < entries else { return nil }
    return "code_perplexity of \(count) codes: \(entries) entries cannot show in so few"
  }

  // MARK: Anomalies

  /// A ROC curve. Without any difference its area has the deviation √((m + n + 1) / 12mn) around one half
  /// (Mann and Whitney 1947).
  public static func ofROC(anomalies: Int, normal: Int) -> String? {
    let all = anomalies + normal
    guard all > 0 else { return nil }
    guard anomalies > 0, normal > 0 else {
      let kind = anomalies > 0 ? "anomalies" : "normal"
      return "no ROC curve: all \(all) examples are \(kind); both kinds are needed"
    }
    let (m, n) = (Double(anomalies), Double(normal))
    let half = z * ((m + n + 1) / (12 * m * n)).squareRoot()
    guard half > widest else { return nil }
    let digits = (min(half, 0.5) * 100).rounded() / 100
    return
      "area under the ROC curve of \(anomalies) anomalies and \(normal) normal ones: chance alone gives 0.5 "
      + "± \(digits); take more"
  }

  /// A quantile of examples: some must lie above it.
  public static func ofQuantile(_ quantile: Double, of count: Int) -> String? {
    guard quantile < 1, Double(count) * (1 - quantile) < 1 - 1e-9 else { return nil }
    let needed = Int((1 / (1 - quantile)).rounded(.up))
    return
      "threshold of \(count) normal examples: \(percent(quantile)) of them need \(needed) or more, else it is "
      + "near the largest score"
  }

  // MARK: Features

  /// What a classifier says of images that are unlike those it learned from.
  /// - Parameters:
  ///   - data: what the images are.
  ///   - doubts: for each image 1 less the probability of its likeliest class.
  ///   - usual: their mean on images like those that it learned from; nil: not known.
  ///   - losesColors: whether it sees the images without their colours.
  ///   - flag: names another classifier.
  public static func ofFeatures(
    of data: String, doubts: [Float], usual: Double?, losesColors: Bool,
    flag: String = "`features`"
  ) -> [String] {
    func sureness(_ doubt: Double) -> String { "\(((1 - doubt) * 1000).rounded() / 10)%" }
    var lines: [String] = []
    if losesColors {
      lines.append(
        "the classifier learned grey images: it does not see the colours of \(data); take a classifier of such "
          + "images (\(flag))")
    }
    // The deviation of fewer is not known.
    guard doubts.count >= 10 else { return lines }
    let n = Double(doubts.count)
    let mean = doubts.reduce(0) { $0 + Double($1) } / n
    let variance = doubts.reduce(0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / n
    let limit = usual.map { $0 + max(min(3 * $0, 0.1), 0.005) } ?? 0.1
    if mean - 2 * (variance / n).squareRoot() > limit {
      let own = usual.map { ", of images as it learned \(sureness($0))" } ?? ""
      lines.append(
        "the classifier is sure of \(sureness(mean)) of what \(data) shows\(own): such images are unlike its own, "
          + "and its features may say little of them; take a classifier of such images (\(flag))"
      )
    }
    return lines
  }
}
