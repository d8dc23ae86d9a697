/// What is expected of the flags of `aigc train rl` and `aigc play`.
let agentVerbs: [VerbFlags] = [agentTraining, play]

private let agentTraining: VerbFlags = {
  let base = "cartpole --seed 1 --dry-run --out $OUT"
  let dqn = base + " --algorithm dqn"
  var table = trainingFlags(base, trained: "agent", heldOut: nil)
  table["epochs"] = [.refused("--epochs 2", "--n-epochs")]
  table["steps"] = [.acts("--steps 5"), .refused("--steps 5 --timesteps 9", "not both")]
  table["batch-size", default: []].append(
    .refused("--batch-size 3", "of --algorithm", base + " --algorithm a2c"))
  table["schedule"] = [.acts("--schedule cosine")]
  table["lr", default: []].append(
    .refused("--lr 0.1", "of --algorithm", base + " --algorithm random"))
  table["early-stop"] = [.acts("--early-stop 2")]
  table["val"] = [.refused("--val a.txt", "by episodes")]
  table["val-split"] = [.refused("--val-split 0.3", "by episodes")]
  /// A flag that acts where `base` is, and is refused elsewhere.
  func only(_ flag: String, _ here: String, not there: String) -> [FlagCheck] {
    [.acts(flag, here), .refused(flag, "of --algorithm", there)]
  }
  table.merge(
    [
      "env": [
        .acts("--env acrobot", "--seed 1 --dry-run --out $OUT"),
        .refused("--env acrobot", "not both"), .refused("--env nowhere", "unknown environment", ""),
      ],
      "algorithm": [.acts("--algorithm a2c")],
      "hidden": [
        .acts("--hidden 5"), .refused("--hidden x", "numbers"),
        .refused("--hidden 5", "of --algorithm", base + " --algorithm random"),
      ],
      "activation": [.acts("--activation relu")],
      "no-observation-scales": [
        .acts("--no-observation-scales", "pendulum --seed 1 --dry-run --out $OUT"),
        .refused("--no-observation-scales", "of --algorithm", base + " --algorithm random"),
      ],
      "timesteps": [.acts("--timesteps 5000")], "n-envs": [.acts("--n-envs 3")],
      "n-steps": [.acts("--n-steps 9"), .refused("--n-steps 0", "--n-steps 0")],
      "n-epochs": only("--n-epochs 3", base, not: dqn), "gamma": [.acts("--gamma 0.5")],
      "gae-lambda": only("--gae-lambda 0.5", base, not: dqn),
      "clip-range": only("--clip-range 0.5", base, not: dqn),
      "ent-coef": only("--ent-coef 0.5", base, not: dqn),
      "vf-coef": only("--vf-coef 0.25", base, not: dqn),
      "reward-scale": [.acts("--reward-scale 2")],
      "log-std-init": [
        .acts("--log-std-init -1", "pendulum --seed 1 --dry-run --out $OUT"),
        .refused("--log-std-init -1", "continuous"),
      ],
      "eval-episodes": [.acts("--eval-episodes 3")],
      "buffer-size": only("--buffer-size 50", dqn, not: base),
      "learning-starts": only("--learning-starts 50", dqn, not: base),
      "gradient-steps": only("--gradient-steps 5", dqn, not: base),
      "target-update-interval": only("--target-update-interval 50", dqn, not: base),
      "exploration-fraction": only("--exploration-fraction 0.5", dqn, not: base),
      "exploration-final-eps": only("--exploration-final-eps 0.5", dqn, not: base),
      "exploration-repeat": only("--exploration-repeat 5", dqn, not: base),
    ]
  ) { $1 }
  return VerbFlags(
    verb: "train rl", base: base, flags: table,
    json: "cartpole --timesteps 500 --eval-episodes 2 --seed 1 --out $OUT")
}()

private let play = VerbFlags(
  verb: "play", base: "agent --episodes 2 --seed 1",
  flags: [
    "episodes": [.acts("--episodes 3"), .refused("--episodes 0", "1 to 100000")],
    "render": [
      .acts("--render ascii"), .refused("--render gif", "--out"),
      .refused("--render ascii --json", "not both"),
      .refused("--render gif --out x.png", "do not fit"),
    ],
    "out": [.acts("--render gif --out $OUT.gif"), .refused("--out x.gif", "--render")],
    "width": [
      .acts("--width 64", "agent --seed 1 --episodes 1 --render apng --out $OUT.png"),
      .refused("--width 64", "--render"),
    ],
    "fps": [
      .acts("--fps 5", "agent --seed 1 --episodes 1 --render apng --out $OUT.png"),
      .refused("--fps 5", "--render"),
    ],
    "stochastic": [.acts("--stochastic")], "seed": [.acts("--seed 2")],
  ])
