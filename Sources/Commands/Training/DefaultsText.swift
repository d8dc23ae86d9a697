import Families
import Files
import Training

extension RunOptions {
  /// What holds without flags, for the help of a command.
  /// - Parameter title: of what.
  func defaultsText(_ title: String = "Defaults") -> String {
    let (schedule, optimizer) = (trainer.schedule, trainer.optimizer)
    var flags = [
      epochs.map { "--epochs \(Format.short($0))" } ?? "--steps \(trainer.steps)",
      "--batch-size \(trainer.batchSize)", "--lr \(decimal(schedule.peak))",
      "--schedule \(schedule.shape.rawValue)", "--warmup \(schedule.warmup)",
      "--optimizer \(optimizer.kind.rawValue)", "--weight-decay \(optimizer.weightDecay)",
      "--grad-clip \(optimizer.gradClip ?? 0)", "--beta1 \(optimizer.beta1)",
      "--beta2 \(optimizer.beta2)", "--log-every \(trainer.logEvery)",
      trainer.evalEvery > 0
        ? "--eval-every \(trainer.evalEvery)" : "--eval-every a pass over the data",
    ]
    if let share = heldOut?.share { flags.append("--val-split \(share)") }
    return "\(title): " + flags.joined(separator: ", ") + "."
  }
}

/// A rate by its own digits: 0.0002, and not 2e-04.
func decimal(_ rate: Float) -> String { "\(Double("\(rate)") ?? 0)" }
