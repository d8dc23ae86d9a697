#!/usr/bin/env python3
"""Steps of LoRA by PEFT on a Hugging Face folder, in float32: tokens a second of each step but the first, as JSON.

    PYTHON Scripts/peers/peft_bench.py FOLDER TEXT [--batch N] [--context N] [--steps N] [--rank N] [--threads N]
        [--compile]

Rank and targets are those of `aigc finetune --lora`: all projections of the layers. The optimizer is PyTorch's fused
AdamW.
"""
import argparse, json, resource, time

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("text")
    for name, value in (("batch", 4), ("context", 256), ("steps", 6), ("rank", 8), ("threads", 0)):
        parser.add_argument("--" + name, type=int, default=value)
    parser.add_argument("--compile", action="store_true")
    options = parser.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    tokenizer = AutoTokenizer.from_pretrained(options.folder)
    tokens = torch.tensor(tokenizer(open(options.text).read()).input_ids)
    model = get_peft_model(
        AutoModelForCausalLM.from_pretrained(options.folder, dtype=torch.float32),
        LoraConfig(r=options.rank, lora_alpha=2 * options.rank, target_modules="all-linear", task_type="CAUSAL_LM"))
    model.train()
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=2e-4, fused=True)
    compute = torch.compile(model) if options.compile else model
    rates, losses = [], []
    for step in range(options.steps):
        starts = torch.randint(0, len(tokens) - options.context, (options.batch,))
        batch = torch.stack([tokens[start:start + options.context] for start in starts])
        begin = time.perf_counter()
        loss = compute(input_ids=batch, labels=batch).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
        rates.append(batch.numel() / (time.perf_counter() - begin))
    print(json.dumps({"rates": rates[1:], "losses": losses,
                      "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))


if __name__ == "__main__":
    main()
