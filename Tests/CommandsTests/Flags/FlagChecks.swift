/// What is expected of a flag, with the command lines that show it.
enum FlagCheck {
  /// The answer or the files differ from those of the base command.
  case acts(String, _ base: String? = nil)
  /// Exit code 2 to 4, and these words on standard error.
  case refused(String, _ words: String, _ base: String? = nil)
  /// The base command is refused, and with the flag it is not.
  case allows(String, _ base: String)
  /// Resources or presentation: the answer stays as it is.
  case same(String, _ base: String? = nil)
  /// Every command line of the verb has it.
  case isInBase
}

typealias FlagTable = [String: [FlagCheck]]

/// A verb with its flags; `$OUT` is a new path for each run.
struct VerbFlags {
  /// "generate text".
  var verb: String
  /// An answer is made with it, after the verb.
  var base: String
  var flags: FlagTable
  /// Where the base does not do all of the work: prints one JSON object with --json.
  var json: String?
  /// Another verb whose command is the same but for a name: its checks hold here.
  var sameAs: String?
}

/// The flags of every training, as `--dry-run` shows them.
/// - Parameters:
///   - base: after the verb.
///   - trained: a folder of such a run.
///   - heldOut: what --val may be; nil: nothing is held out.
func trainingFlags(_ base: String, trained: String, heldOut: String?) -> FlagTable {
  var table: FlagTable = [
    "steps": [.acts("--steps 5")], "epochs": [.acts("--epochs 2")],
    "batch-size": [.acts("--batch-size 3")], "lr": [.acts("--lr 0.01")],
    "schedule": [.acts("--schedule linear")], "warmup": [.acts("--warmup 7")],
    "min-lr": [
      .acts("--min-lr 0.0001", base + " --schedule cosine"),
      .refused("--min-lr 0.0001 --schedule constant", "--schedule cosine"),
    ],
    "optimizer": [.acts("--optimizer sgd")], "weight-decay": [.acts("--weight-decay 0.3")],
    "grad-clip": [.acts("--grad-clip 3")],
    "momentum": [
      .acts("--momentum 0.5", base + " --optimizer sgd"),
      .refused("--momentum 0.5", "--optimizer sgd"),
    ],
    "beta1": [.acts("--beta1 0.3"), .refused("--beta1 0.3 --optimizer sgd", "not of sgd")],
    "beta2": [.acts("--beta2 0.3"), .refused("--beta2 0.3 --optimizer sgd", "not of sgd")],
    "eval-every": [.acts("--eval-every 3")], "save-every": [.acts("--save-every 3")],
    "log-every": [.acts("--log-every 3")], "tensorboard": [.acts("--tensorboard")],
    "seed": [.acts("--seed 2")], "out": [.isInBase], "dry-run": [.isInBase],
    "force": [.allows("--force", base.replacing("$OUT", with: trained))],
    "resume": [
      .allows("--resume", base.replacing("$OUT", with: trained).replacing("--seed 1", with: ""))
    ],
  ]
  if let heldOut {
    table["early-stop"] = [
      .acts("--early-stop 2", base + " --val-split 0.3"),
      .refused("--early-stop 2 --val-split 0", "nothing is measured"),
    ]
    table["val"] = [.acts("--val \(heldOut)")]
    table["val-split"] = [.acts("--val-split 0.3")]
  }
  return table
}

/// The flags of images to learn from, as `--dry-run` shows them.
/// - Parameter labels: a command line for images without classes, which needs the file of labels.
func imageFlags(isConvolutional: Bool, labels: String) -> FlagTable {
  [
    "labels": [
      .refused("--labels labels.idx", "only IDX files"),
      .allows("--labels labels.idx", labels),
    ],
    "image-size": [.acts("--image-size 16")], "channels": [.acts("--channels 3")],
    "fit": [.acts("--fit crop")], "limit": [.acts("--limit 4")],
    "bad-pictures": [.acts("--bad-pictures skip")], "only": [.acts("--only cats")],
    "without": [.acts("--without cats")], "ignore-orientation": [.acts("--ignore-orientation")],
    "convolution": isConvolutional
      ? [.acts("--convolution exact")]
      : [.refused("--convolution exact", "no convolutions")],
  ]
}
