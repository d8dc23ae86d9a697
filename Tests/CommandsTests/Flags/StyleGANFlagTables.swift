/// What is expected of the flags of `aigc train stylegan`.
let stylegan: VerbFlags = {
  let sizes = "--cbase 32 --cmax 4 --z-dim 4 --w-dim 4 --map-depth 2"
  let base = "imgs \(sizes) --seed 1 --dry-run --out $OUT"
  let labels = "p.idx \(sizes) --image-size 8 --seed 1 --conditional --dry-run --out $OUT"
  let plain = "imgs --seed 1 --dry-run --out $OUT"
  let article = plain + " --preset article"
  let networks: FlagTable = [
    "image-size": [
      .acts("--image-size 8"), .refused("--image-size 12", "sides are 8, 16"),
      .refused("--image-size 16x8", "square"),
    ],
    "preset": [.acts("--preset article", plain)],
    "z-dim": [.acts("--z-dim 5", article)], "w-dim": [.acts("--w-dim 8", article)],
    "map-depth": [
      .acts("--map-depth 3", plain + " --cmax 4"),
      .refused("--map-depth 3", "--preset article", article),
    ],
    "cbase": [.acts("--cbase 64", plain), .refused("--cbase 64", "--preset article", article)],
    "cmax": [.acts("--cmax 5", plain), .refused("--cmax 5", "--preset article", article)],
    "conditional": [.acts("--conditional"), .refused("--conditional", "article", article)],
  ]
  let losses: FlagTable = [
    "loss": [.acts("--loss relativistic"), .refused("--loss wgan-gp", "--gamma")],
    "gamma": [.acts("--gamma 2")], "r2": [.acts("--r2 2")],
    "pl-weight": [.acts("--pl-weight 0")],
    "style-mixing": [
      .acts("--style-mixing 0.5"), .refused("--style-mixing 2", "--style-mixing 2"),
    ],
    "noise-mode": [.acts("--noise-mode none")],
    "ema-kimg": [.acts("--ema-kimg 5")], "mirror": [.acts("--mirror")],
    "aug": [.acts("--aug ada"), .refused("--aug fixed", "--p")],
    "augpipe": [.acts("--augpipe blit", base + " --aug ada"), .refused("--augpipe bg", "--aug")],
    "p": [.acts("--aug fixed --p 0.3"), .refused("--p 0.3", "--aug fixed")],
    "target": [.acts("--target 0.5", base + " --aug ada"), .refused("--target 0.5", "--aug ada")],
    "ada-kimg": [
      .acts("--ada-kimg 50", base + " --aug ada"), .refused("--ada-kimg 50", "--aug ada"),
    ],
  ]
  let measures: FlagTable = [
    "augment": [.acts("--augment color")], "animate": [.acts("--animate")],
    "snap": [.acts("--snap 0.1"), .refused("--snap 1 --eval-every 5", "not both")],
    "metrics": [
      .acts("--metrics frechet,kid,pr", base + " --features cls"),
      .refused("--metrics fid", "frechet,kid,pr"),
    ],
    "features": [.acts("--features cls")],
    "metrics-data": [
      .acts("--metrics-data imgs/dogs", base + " --features cls"),
      .refused("--metrics-data imgs/dogs", "--metrics"),
    ],
    "kimg": [.acts("--kimg 1")],
    "early-stop": [
      .refused("--early-stop 2", "--features"),
      .acts("--early-stop 2", base + " --features cls"),
    ],
    "val": [.refused("--val imgs", "not of GANs")],
    "val-split": [.refused("--val-split 0.1", "not of GANs")],
  ]
  var table = trainingFlags(base, trained: "stylegan", heldOut: nil)
  table.merge(imageFlags(isConvolutional: true, labels: labels)) { $1 }
  table.merge(networks) { $1 }
  table.merge(losses) { $1 }
  table.merge(measures) { $1 }
  return VerbFlags(
    verb: "train stylegan", base: base, flags: table,
    json: "imgs \(sizes) --steps 1 --batch-size 4 --out $OUT")
}()

/// What is expected of the flags that `aigc sample stylegan` has more than the others.
func styleFlags(_ base: String) -> FlagTable {
  let plain = "--model stylegan --out $OUT.png"
  let mixed = plain + " --rows 1,2 --cols 3 --styles 0-3"
  let target = "--model stylegan --target imgs/cats/seed0001.png --out $OUT.safetensors"
  return [
    "trunc": [.acts("--trunc 0"), .refused("--trunc nan", "a number")],
    "trunc-cutoff": [
      .acts("--trunc-cutoff 2", base + " --trunc 0"), .refused("--trunc-cutoff 2", "--trunc"),
    ],
    "noise-mode": [.acts("--noise-mode none")],
    "rows": [
      .acts("--rows 5", plain + " --cols 3 --styles 0-3 --rows 1"),
      .refused("--rows 5", "go together", plain),
    ],
    "cols": [
      .acts("--cols 5", plain + " --rows 1 --styles 0-3 --cols 3"),
      .refused("--cols 5", "go together", plain),
    ],
    "styles": [
      .acts("--styles all", plain + " --rows 1 --cols 3 --styles none"),
      .refused("--styles 99", "layers are 0", plain + " --rows 1 --cols 3"),
    ],
    "direction": [
      .acts("--direction 1", plain), .refused("--direction 99", "directions 0 to 3", plain),
      .refused("--direction 1", "one of", mixed),
    ],
    "strength": [
      .acts("--strength 2", plain + " --direction 0"), .refused("--strength 2", "--direction"),
    ],
    "target": [
      .allows("--target imgs/cats/seed0001.png", "--model stylegan --out $OUT.safetensors"),
      .refused("--target imgs/cats/seed0001.png", ".safetensors", plain),
    ],
    "num-steps": [
      .acts("--num-steps 2", target + " --num-steps 1"), .refused("--num-steps 2", "--target"),
    ],
    "projected-w": [
      .acts("--projected-w w1.safetensors", plain),
      .refused("--projected-w gan/generator.safetensors", "called w", plain),
    ],
  ]
}
