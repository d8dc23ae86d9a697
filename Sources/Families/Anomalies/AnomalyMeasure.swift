/// By what an anomaly is told from what was learned, in nats: the higher, the more of one.
public enum AnomalyMeasure: String, Codable, CaseIterable, Sendable {
  /// The negative evidence lower bound: reconstruction and divergence.
  case elbo
  /// The reconstruction alone.
  case reconstruction
  /// The importance-weighted bound (Burda et al. 2016).
  case iw
  /// The reconstruction less that of a perfect one: grey values and deviations cost something
  /// whatever a model knows of them.
  case deviance
  /// The deviance divided by the image's total variation. An image of few contours is easy to
  /// reconstruct whether it is normal or not (Serrà et al. 2020), and errors lie at contours: this is the
  /// share of them that the model misses. Of images only.
  case relative
}
