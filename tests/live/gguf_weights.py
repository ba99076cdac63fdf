"""Turn a Qwen2 GGUF into the folder vLLM serves: `gguf_weights.py FILE FOLDER`. Runs in vLLM's own environment, not in Anlan's."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import torch
from gguf import GGUFReader, dequantize
from safetensors.torch import save_file
from transformers import AutoConfig, AutoTokenizer

WHOLE = {"token_embd.weight": "model.embed_tokens.weight", "output_norm.weight": "model.norm.weight", "output.weight": "lm_head.weight"}
PART = {
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
    "attn_norm": "input_layernorm",
    "ffn_norm": "post_attention_layernorm",
}
"""Names in a GGUF, and in the layout vLLM reads."""


def renamed(name: str) -> str:
    if name in WHOLE:
        return WHOLE[name]
    block = re.fullmatch(r"blk\.(\d+)\.(\w+)\.(weight|bias)", name)
    assert block, f"a tensor nobody expected: {name}"
    return f"model.layers.{block[1]}.{PART[block[2]]}.{block[3]}"


def main(file: Path, folder: Path) -> None:
    config = AutoConfig.from_pretrained(str(file.parent), gguf_file=file.name)
    weights = {}
    for tensor in GGUFReader(file).tensors:
        plain = torch.tensor(dequantize(tensor.data, tensor.tensor_type), dtype=torch.bfloat16)
        weights[renamed(tensor.name)] = plain.contiguous()
    # The output layer is a tensor of its own in this file, so it must not be tied to the input's.
    config.tie_word_embeddings = "lm_head.weight" not in weights
    config.architectures = ["Qwen2ForCausalLM"]
    config.dtype = torch.bfloat16
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    config.save_pretrained(folder)
    AutoTokenizer.from_pretrained(str(file.parent), gguf_file=file.name).save_pretrained(folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
