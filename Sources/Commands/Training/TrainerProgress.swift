import Files
import Console
import Families
import Training

/// Shows what a ``/Training/Trainer`` reports: on a terminal one line that is rewritten, elsewhere a
/// line on standard error with each line of the log.
final class TrainerProgressLine {
  private let line = ProgressLine("training", total: 0, unit: .share)

  func show(_ event: TrainerEvent) {
    switch event {
    case .progress(let progress):
      let text = Self.text(progress)
      if Diagnostics.isTerminal {
        line.show(text)
      } else if progress.isLogged {
        Diagnostics.plain(text)
      }
    case .evaluated(let step, let title, let value, let isBest):
      let best = isBest ? ", the best so far" : ""
      Diagnostics.detail("step \(step): \(title) \(Format.fixed(value, 4))\(best)")
    case .saved(let step): Diagnostics.detail("saved at step \(step)")
    case .resumed(let step): Diagnostics.note("going on after step \(step)")
    case .note(let text): Diagnostics.note(text)
    case .warning(let text): Diagnostics.warning(text)
    }
  }

  func finish() { line.finish() }

  /// "step 500/5000  loss 1.8312  val 1.9000  12.3k tokens/s  3:05 left  412 MB"; of a GAN "generator 0.7012
  /// discriminator 1.3805" instead of "loss 1.8312".
  static func text(_ progress: TrainerProgress) -> String {
    var parts = ["step \(progress.step)/\(progress.total)"]
    // Where lines stay, each says the mean since the last; one that moves is smoothed.
    let loss = progress.isLogged ? progress.loss : progress.smoothedLoss
    let losses = progress.losses.isEmpty ? [(name: "loss", value: loss)] : progress.losses
    parts += losses.map { "\($0.name) \(Format.fixed($0.value, 4))" }
    if let validation = progress.validationLoss {
      parts.append("val \(Format.fixed(validation, 4))")
    }
    parts.append("\(Format.short(progress.itemsPerSecond)) \(progress.itemName)/s")
    if progress.step < progress.total {
      parts.append("\(Format.time(seconds: progress.secondsLeft)) left")
    }
    if progress.residentBytes > 0 { parts.append(Format.byteCount(progress.residentBytes)) }
    return parts.joined(separator: "  ")
  }
}
