#!/usr/bin/env python3
"""TRL's GRPOTrainer for `Scripts/benchmarks/rewards.py speed`.

    PYTHON Scripts/peers/trl_bench.py model OUT TOKENIZER
    PYTHON Scripts/peers/trl_bench.py train MODEL PROMPTS STEPS THREADS ATTENTION

model: a GPT-2 with random weights and the tokenizer of a model folder of 4096 tokens. train: steps of 64 texts, 8 behind each of
8 prompts, float32, with attention eager or sdpa, without what only costs time (gradient checkpointing is on by default); prints tokens a second of all
steps but the first, which brings memory into place.
"""
import json, os, shutil, sys, tempfile, time


def make(out, tokenizer):
    import torch, transformers
    torch.manual_seed(0)
    config = transformers.GPT2Config(
        vocab_size=4096, n_embd=256, n_layer=4, n_head=4, n_positions=256, resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0,
        bos_token_id=0, eos_token_id=0)
    transformers.GPT2LMHeadModel(config).save_pretrained(out)
    for name in ("tokenizer.json", "vocab.json", "merges.txt"):
        shutil.copy(os.path.join(tokenizer, name), out)


def train(model, prompts, steps, threads, attention):
    import torch
    torch.set_num_threads(threads)
    import transformers
    from datasets import Dataset
    from trl import GRPOConfig, GRPOTrainer
    times = []

    class Clock(transformers.TrainerCallback):
        def on_step_begin(self, *arguments, **others):
            times.append(time.perf_counter())

        def on_train_end(self, *arguments, **others):
            times.append(time.perf_counter())

    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_file=os.path.join(model, "tokenizer.json"), eos_token="<|endoftext|>", pad_token="<|endoftext|>", padding_side="left")
    network = transformers.GPT2LMHeadModel.from_pretrained(model, dtype=torch.float32, attn_implementation=attention)
    with open(prompts, encoding="utf-8") as file:
        rows = [line.rstrip("\n") for line in file]
    with tempfile.TemporaryDirectory() as folder:
        settings = GRPOConfig(
            output_dir=folder, per_device_train_batch_size=64, num_generations=8, max_completion_length=64, num_iterations=1, beta=0.04,
            epsilon=0.2, temperature=1.0, top_p=1.0, top_k=0, learning_rate=5e-5, max_grad_norm=1.0, max_steps=steps, logging_steps=1,
            report_to=[], save_strategy="no", gradient_checkpointing=False, bf16=False, fp16=False, use_cpu=True, loss_type="grpo", seed=1,
            dataloader_pin_memory=False, disable_tqdm=True)
        trainer = GRPOTrainer(
            model=network, reward_funcs=lambda completions, **others: [float(len(text.split())) for text in completions],
            args=settings, train_dataset=Dataset.from_dict({"prompt": rows}), processing_class=tokenizer, callbacks=[Clock()])
        trainer.train()
    tokens = [row["completions/mean_length"] * 64 for row in trainer.state.log_history if "completions/mean_length" in row]
    seconds = [after - before for before, after in zip(times, times[1:])]
    print(json.dumps({"tokens_per_second": sum(tokens[1:]) / sum(seconds[1:]), "seconds": seconds}))


if sys.argv[1:2] == ["model"]:
    make(*sys.argv[2:4])
else:
    train(sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5]), sys.argv[6])
