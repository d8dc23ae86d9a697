#!/usr/bin/env python3
"""Writes GPT-2 124M with random weights as GGUF files for llama.cpp: gpt2-f32.gguf and gpt2-f16.gguf.

    python3 Scripts/peers/gpt2_gguf.py FOLDER [--vocabulary DIR]

DIR holds GPT-2's vocab.json and merges.txt (default: gpt2-bpe in the folder that AIGC_TEST_DATA names);
llama.cpp does not open a model without its vocabulary. Needs: torch, transformers, gguf.
Tensors and keys are those of llama.cpp's own convert_hf_to_gguf.py: matrices as [out, in], norms and biases
in float32 in either file.
"""
import argparse, json, os, sys

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("folder")
parser.add_argument("--vocabulary", default=os.path.join(os.environ.get("AIGC_TEST_DATA", "."), "gpt2-bpe"))
options = parser.parse_args()
try:
    with open(os.path.join(options.vocabulary, "vocab.json"), encoding="utf-8") as file:
        vocabulary = json.load(file)
    with open(os.path.join(options.vocabulary, "merges.txt"), encoding="utf-8") as file:
        merges = [line.rstrip("\n") for line in file if line.strip() and not line.startswith("#version")]
except OSError as error:
    sys.exit("gpt2_gguf: %s: name the folder of GPT-2's vocabulary with --vocabulary" % error)

import gguf, numpy, torch
from transformers import GPT2Config, GPT2LMHeadModel

NAMES = {
    "ln_1": "attn_norm", "attn.c_attn": "attn_qkv", "attn.c_proj": "attn_output", "ln_2": "ffn_norm",
    "mlp.c_fc": "ffn_up", "mlp.c_proj": "ffn_down"}


def name_of(name):
    """The name in a GGUF file, and whether the matrix lies [in, out] here."""
    name = name.removeprefix("transformer.")
    for ours, theirs in [("wte", "token_embd"), ("wpe", "position_embd"), ("ln_f", "output_norm")]:
        if name.startswith(ours + "."):
            return theirs + name[len(ours):], False
    _, layer, rest = name.split(".", 2)
    part, kind = rest.rsplit(".", 1)
    return "blk.%s.%s.%s" % (layer, NAMES[part], kind), part.startswith(("attn.", "mlp.")) and kind == "weight"


def write(model, config, path, half):
    writer = gguf.GGUFWriter(path, "gpt2")
    writer.add_block_count(config.n_layer)
    writer.add_context_length(config.n_ctx if hasattr(config, "n_ctx") else config.n_positions)
    writer.add_embedding_length(config.n_embd)
    writer.add_feed_forward_length(4 * config.n_embd)
    writer.add_head_count(config.n_head)
    writer.add_layer_norm_eps(config.layer_norm_epsilon)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16 if half else gguf.LlamaFileType.ALL_F32)
    tokens = sorted(vocabulary, key=vocabulary.get)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types([
        gguf.TokenType.CONTROL if token == "<|endoftext|>" else gguf.TokenType.NORMAL for token in tokens])
    writer.add_token_merges(merges)
    writer.add_bos_token_id(vocabulary["<|endoftext|>"])
    writer.add_eos_token_id(vocabulary["<|endoftext|>"])
    for name, parameter in model.named_parameters():
        name, turned = name_of(name)
        values = parameter.detach().numpy()
        if turned:
            values = values.T
        # Positions stay float32, as llama.cpp's converter leaves them.
        is_half = half and values.ndim == 2 and not name.startswith("position")
        writer.add_tensor(name, numpy.ascontiguousarray(values, dtype=numpy.float16 if is_half else numpy.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


torch.manual_seed(0)
config = GPT2Config()
model = GPT2LMHeadModel(config)
os.makedirs(options.folder, exist_ok=True)
for kind in ["f32", "f16"]:
    path = os.path.join(options.folder, "gpt2-%s.gguf" % kind)
    write(model, config, path + ".part", kind == "f16")
    os.replace(path + ".part", path)
    print(path)
