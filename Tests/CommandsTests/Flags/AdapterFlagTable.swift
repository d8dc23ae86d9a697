/// Of `aigc finetune DATA --lora`, and of rows.
let adapterFlags: FlagTable = {
  let base = "b.txt --model gpt2 --seed 1 --dry-run --out $OUT"
  let trained = "b.txt --model gpt2 --steps 1 --batch-size 1 --seed 1 --out $OUT"
  let rows = "rows.jsonl --model gpt2 --steps 1 --batch-size 1 --seed 1 --out $OUT"
  let lora = base + " --lora"
  let tuned = rewarded + " --lora"
  return [
    "lora": [
      .acts("--lora"), .refused("--lora --model lstm", "other transformers"),
      .acts("--lora", rewarded), .refused("--lora --model lstm", "other transformers", rewarded),
      .acts("--lora", rewarded.replacing("gpt2", with: "little.gguf")),
      .allows("--lora", "b.txt --model little.gguf --dry-run --out $OUT"),
    ],
    "rank": [
      .acts("--rank 3", lora), .acts("--rank 3", tuned), .refused("--rank 3", "--lora"),
      .refused("--rank 0 --lora", "--rank 0"), .refused("--rank 900 --lora", "--rank 900"),
    ],
    "alpha": [
      .acts("--alpha 3", lora), .acts("--alpha 3", tuned), .refused("--alpha 3", "--lora"),
      .refused("--alpha 0 --lora", "--alpha 0"),
    ],
    "lora-layers": [
      .acts("--lora-layers c_attn", lora), .acts("--lora-layers c_attn", tuned),
      .same("--lora-layers all-linear", lora),
      .refused("--lora-layers q_proj --lora", "c_attn"),
      .refused("--lora-layers c_attn", "--lora"), .refused("--lora-layers a,,b --lora", "names"),
    ],
    "mask-prompt": [
      .acts("--mask-prompt", rows), .refused("--mask-prompt", "of .jsonl", trained),
      .refused("--mask-prompt --model lstm", "other transformers"),
      .refused("--mask-prompt", "of texts", rewarded),
    ],
    "skip-bad-lines": [
      .allows(
        "--skip-bad-lines", "bad.jsonl --model gpt2 --steps 1 --batch-size 1 --seed 1 --out $OUT"),
      .refused("--skip-bad-lines", "of .jsonl", trained),
      .refused("--skip-bad-lines", "of texts", rewarded),
    ],
    "resume": [
      .allows("--resume --lora", "a.txt --model little.gguf --dry-run --out lora"),
      .refused("--resume", "with --lora", "a.txt --model little.gguf --dry-run --out lora"),
      .refused("--resume --lora --rank 3", "--rank 3", "a.txt --model little.gguf --out lora"),
    ],
  ]
}()
