"""Golden checkpoints from Hugging Face transformers: tiny random models with their outputs.

Each folder of tests/golden/checkpoints holds config.json and model.safetensors, as save_pretrained
writes them, and expected.safetensors: the inputs and what the model makes of them. Weights are
float32; every computation is in float64, those that transformers always does in float32 included.
No model is downloaded.

    pip install torch==2.13.0 transformers==5.24.0 safetensors==0.8.0
    python tests/golden/make_checkpoints.py [NAME ...]
"""

import json
import shutil
import sys
import zlib
from pathlib import Path

import torch
import transformers
from safetensors.torch import load_file, save_file
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from transformers.pytorch_utils import Conv1D

SEED = 20250101
FOLDER = Path(__file__).parent / "checkpoints"
LENGTH = 12
VOCABULARY = 40
IMAGE = {"image_size": 16, "num_channels": 3}
MADE_BY = f"torch {torch.__version__}, transformers {transformers.__version__}, seed {SEED}"
# So many numbers of each gradient are kept.
SAMPLES = 8
# An ε that is seen in the outputs, given to one model of each name of the key.
COARSE = 1e-3
# They multiply by 1 + gain.
OFFSET_NORMS = ("GemmaRMSNorm", "Gemma2RMSNorm", "Gemma3RMSNorm", "NemotronLayerNorm1P")
# What the float64 outputs may be off from those of the saved folder, run as transformers runs it.
TOLERANCE = {torch.float64: 1e-5, torch.float32: 1e-4}


# --- what is made -----------------------------------------------------------------------------


def rotary(base=10000.0, part=None):
    parameters = {"rope_type": "default", "rope_theta": base}
    if part is not None:
        parameters["partial_rotary_factor"] = part
    return {"rope_parameters": parameters}


def stretched(kind, **settings):
    """Rotary positions of more places than the model was made for."""
    return {"rope_parameters": {"rope_type": kind, "rope_theta": 10000.0, **settings}}


def sizes(width=16, heads=2, hidden=40, layers=2, **others):
    """The names that most families share."""
    return {
        "vocab_size": VOCABULARY,
        "hidden_size": width,
        "num_attention_heads": heads,
        "num_hidden_layers": layers,
        "intermediate_size": hidden,
        "max_position_embeddings": 24,
        "bos_token_id": 1,
        "eos_token_id": 2,
        **others,
    }


def gpt2_sizes(**others):
    named = {"n_embd": 24, "n_head": 3, "n_layer": 2, "n_positions": 24}
    return {"vocab_size": VOCABULARY, "bos_token_id": 1, "eos_token_id": 1, **named, **others}


def opt_sizes(**others):
    named = sizes(ffn_dim=48, pad_token_id=1, eos_token_id=2, bos_token_id=2)
    del named["intermediate_size"]
    return named | others


def falcon_sizes(width=16, heads=2, **others):
    named = sizes(width, heads, ffn_hidden_size=2 * width, **others)
    del named["intermediate_size"]
    return named


def vision_sizes(**others):
    labels = {"id2label": {i: f"label {i}" for i in range(7)}}
    return {
        "hidden_size": 16,
        "num_attention_heads": 2,
        "num_hidden_layers": 2,
        "intermediate_size": 32,
        "patch_size": 4,
        **IMAGE,
        **labels,
        **others,
    }


def without(settings, *keys):
    return {key: value for key, value in settings.items() if key not in keys}


def dino_sizes(**others):
    named = vision_sizes(mlp_ratio=2, **others)
    del named["intermediate_size"]
    return named


CLIP = {
    "text_config": sizes(16, 2, 32, max_position_embeddings=16, projection_dim=12)
    # The end of text is the highest token; 2 is what the released configurations say.
    | {"pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2},
    "vision_config": {
        "hidden_size": 20,
        "num_attention_heads": 2,
        "num_hidden_layers": 2,
        "intermediate_size": 40,
        "patch_size": 8,
        "projection_dim": 12,
        **IMAGE,
    },
    "projection_dim": 12,
}
SIGLIP = {
    "text_config": sizes(16, 2, 32, max_position_embeddings=16) | {"pad_token_id": 1},
    "vision_config": {
        "hidden_size": 16,
        "num_attention_heads": 2,
        "num_hidden_layers": 2,
        "intermediate_size": 24,
        "patch_size": 8,
        "layer_norm_eps": COARSE,
        **IMAGE,
    },
}
WHISPER = {
    "vocab_size": VOCABULARY,
    "num_mel_bins": 6,
    "d_model": 16,
    "encoder_layers": 2,
    "decoder_layers": 2,
    "encoder_attention_heads": 2,
    "decoder_attention_heads": 2,
    "encoder_ffn_dim": 32,
    "decoder_ffn_dim": 32,
    "max_source_positions": 8,
    "max_target_positions": 16,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "decoder_start_token_id": 3,
    "begin_suppress_tokens": None,
}
BART = {
    "vocab_size": VOCABULARY,
    "d_model": 8,
    "encoder_layers": 2,
    "decoder_layers": 2,
    "encoder_attention_heads": 2,
    "decoder_attention_heads": 2,
    "encoder_ffn_dim": 16,
    "decoder_ffn_dim": 16,
    "max_position_embeddings": 16,
}

SPEECH = {
    "vocab_size": 10,
    "hidden_size": 16,
    "num_attention_heads": 2,
    "num_hidden_layers": 2,
    "intermediate_size": 24,
    "conv_dim": [6, 8],
    "conv_stride": [5, 2],
    "conv_kernel": [10, 3],
    "num_conv_pos_embeddings": 6,
    "num_conv_pos_embedding_groups": 2,
    "pad_token_id": 0,
}
STABLE = {"do_stable_layer_norm": True, "feat_extract_norm": "layer", "conv_bias": True}

PAIR = BART | {"encoder_layers": 1, "decoder_layers": 1, "pad_token_id": 1}

T5 = {
    "vocab_size": VOCABULARY,
    "d_model": 8,
    "d_kv": 4,
    "d_ff": 12,
    "num_layers": 1,
    "num_heads": 2,
    "relative_attention_num_buckets": 6,
    "relative_attention_max_distance": 8,
    "layer_norm_epsilon": COARSE,
    "decoder_start_token_id": 0,
}

# Name: the model, its configuration, what it reads; `older` spells the rotary keys as before 5.
CASES = {
    "gpt2": ("GPT2LMHeadModel", gpt2_sizes(), "tokens"),
    "gpt2-untied": (
        "GPT2LMHeadModel",
        gpt2_sizes(n_embd=16, n_head=2, n_inner=40, tie_word_embeddings=False)
        | {"layer_norm_epsilon": COARSE},
        "tokens",
    ),
    "opt": ("OPTForCausalLM", opt_sizes(do_layer_norm_before=True), "tokens"),
    "opt-narrow": (
        "OPTForCausalLM",
        opt_sizes(do_layer_norm_before=True, word_embed_proj_dim=12),
        "tokens",
    ),
    "gpt-neox": ("GPTNeoXForCausalLM", sizes(32, 2, 64) | rotary(part=0.25), "tokens older"),
    "gpt-neox-sequential": (
        "GPTNeoXForCausalLM",
        sizes(16, 2, 40, use_parallel_residual=False, layer_norm_eps=COARSE) | rotary(1000.0, 0.5),
        "tokens",
    ),
    "gptj": (
        "GPTJForCausalLM",
        gpt2_sizes(n_embd=16, n_head=2, n_inner=48, rotary_dim=4, layer_norm_epsilon=COARSE),
        "tokens",
    ),
    "phi": (
        "PhiForCausalLM",
        sizes(16, 2, 48, layer_norm_eps=COARSE) | rotary(part=0.5),
        "tokens older",
    ),
    "bloom": (
        "BloomForCausalLM",
        {
            "vocab_size": VOCABULARY,
            "hidden_size": 18,
            "n_head": 3,
            "n_layer": 2,
            "layer_norm_epsilon": COARSE,
        },
        "tokens",
    ),
    "gpt-neo": (
        "GPTNeoForCausalLM",
        sizes(16, 2, 40, 4, window_size=5, attention_types=[[["global", "local"], 2]])
        | {"layer_norm_epsilon": COARSE},
        "tokens",
    ),
    "olmo": ("OlmoForCausalLM", sizes(pad_token_id=1) | rotary(), "tokens"),
    "olmo-tied": (
        "OlmoForCausalLM",
        sizes(pad_token_id=1, tie_word_embeddings=True, clip_qkv=0.8) | rotary(),
        "tokens older",
    ),
    "falcon": (
        "FalconForCausalLM",
        falcon_sizes(24, 3, multi_query=True, parallel_attn=True, bias=False) | rotary(),
        "tokens older",
    ),
    "falcon-new": (
        "FalconForCausalLM",
        falcon_sizes(16, 4, new_decoder_architecture=True, num_kv_heads=2)
        | {"layer_norm_epsilon": COARSE}
        | rotary(),
        "tokens",
    ),
    # Eager attention adds the slopes twice in this version: in the mask and in the scores.
    "falcon-alibi": (
        "FalconForCausalLM",
        falcon_sizes(16, 4, alibi=True, multi_query=False, parallel_attn=False, bias=True),
        "tokens sdpa",
    ),
    # Slopes as transformers rounds them, which a setting of this library asks for.
    "falcon-rounded": (
        "FalconForCausalLM",
        falcon_sizes(16, 16, alibi=True, multi_query=False, parallel_attn=False, num_hidden_layers=1)
        | {"alibi_dtype": "bfloat16"},
        "tokens sdpa rounded",
    ),
    "mpt": (
        "MptForCausalLM",
        {
            "vocab_size": VOCABULARY,
            "d_model": 18,
            "n_heads": 3,
            "n_layers": 2,
            "max_seq_len": 24,
            "layer_norm_epsilon": COARSE,
        },
        "tokens",
    ),
    "stablelm": (
        "StableLmForCausalLM",
        sizes(16, 2, 40, num_key_value_heads=2, use_qkv_bias=True) | rotary(part=0.5),
        "tokens older",
    ),
    "stablelm-parallel": (
        "StableLmForCausalLM",
        sizes(16, 2, 32, num_key_value_heads=1, use_parallel_residual=True, layer_norm_eps=COARSE)
        | rotary(part=0.25),
        "tokens",
    ),
    "llama": (
        "LlamaForCausalLM",
        sizes(24, 4, 56, num_key_value_heads=2, rms_norm_eps=1e-5) | rotary(),
        "tokens older",
    ),
    # Positions are stretched from so few places that all of them are.
    "llama-llama3": (
        "LlamaForCausalLM",
        sizes(16, 2, 24, 1, num_key_value_heads=1)
        | stretched(
            "llama3",
            factor=8.0,
            low_freq_factor=1.0,
            high_freq_factor=4.0,
            original_max_position_embeddings=12,
        ),
        "tokens older",
    ),
    "mistral-yarn": (
        "MistralForCausalLM",
        sizes(16, 2, 24, 1, num_key_value_heads=1, sliding_window=None)
        | stretched("yarn", factor=4.0, original_max_position_embeddings=6),
        "tokens",
    ),
    "qwen2": (
        "Qwen2ForCausalLM",
        sizes(num_key_value_heads=1, rms_norm_eps=COARSE) | rotary(1e6),
        "tokens",
    ),
    "qwen3": (
        "Qwen3ForCausalLM",
        sizes(16, 3, head_dim=8, num_key_value_heads=1, tie_word_embeddings=True) | rotary(1e6),
        "tokens",
    ),
    "mistral": (
        "MistralForCausalLM",
        sizes(num_key_value_heads=1, sliding_window=5, rms_norm_eps=1e-5) | rotary(),
        "tokens older",
    ),
    "gemma": (
        "GemmaForCausalLM",
        sizes(16, 2, num_key_value_heads=1, head_dim=12, pad_token_id=0) | rotary(),
        "tokens older",
    ),
    "gemma2": (
        "Gemma2ForCausalLM",
        sizes(16, 2, num_key_value_heads=1, head_dim=12, pad_token_id=0, sliding_window=5)
        | {"query_pre_attn_scalar": 10, "attn_logit_softcapping": 3.0, "rms_norm_eps": COARSE}
        | {"final_logit_softcapping": 6.0}
        | rotary(),
        "tokens older",
    ),
    "gemma3": (
        "Gemma3ForCausalLM",
        sizes(16, 2, 32, 3, num_key_value_heads=1, head_dim=12, pad_token_id=0, sliding_window=5)
        | {"query_pre_attn_scalar": 10, "sliding_window_pattern": 3}
        | {"rope_theta": 5000.0, "rope_local_base_freq": 100.0},
        "tokens",
    ),
    "olmo2": (
        "Olmo2ForCausalLM",
        sizes(16, 4, num_key_value_heads=2, pad_token_id=1, rms_norm_eps=COARSE) | rotary(),
        "tokens older",
    ),
    # Positions of full attention are stretched; others have a window.
    "olmo3": (
        "Olmo3ForCausalLM",
        sizes(16, 2, 24, 2, num_key_value_heads=1, pad_token_id=1, rms_norm_eps=COARSE)
        | {"sliding_window": 5, "layer_types": ["sliding_attention", "full_attention"]}
        | {
            "rope_parameters": {
                "sliding_attention": {"rope_type": "default", "rope_theta": 1000.0},
                "full_attention": {
                    "rope_type": "yarn",
                    "rope_theta": 10000.0,
                    "factor": 4.0,
                    "original_max_position_embeddings": 6,
                },
            }
        },
        "tokens",
    ),
    "exaone4": (
        "Exaone4ForCausalLM",
        sizes(16, 2, 24, 2, num_key_value_heads=1, rms_norm_eps=COARSE)
        | {"sliding_window": 5, "sliding_window_pattern": 2}
        | rotary(),
        "tokens older",
    ),
    "vit": ("ViTForImageClassification", vision_sizes(), "pixels"),
    "deit": (
        "DeiTForImageClassificationWithTeacher",
        vision_sizes(layer_norm_eps=COARSE),
        "pixels",
    ),
    "dinov2": ("Dinov2ForImageClassification", dino_sizes(), "pixels"),
    "dinov2-giant": ("Dinov2ForImageClassification", dino_sizes(use_swiglu_ffn=True), "pixels"),
    "dinov2-with-registers": (
        "Dinov2WithRegistersForImageClassification",
        dino_sizes(num_register_tokens=3, layer_norm_eps=COARSE),
        "pixels",
    ),
    "vit-msn": ("ViTMSNForImageClassification", vision_sizes(layer_norm_eps=COARSE), "pixels"),
    # All patches are seen, in their order.
    "vit-mae": ("ViTMAEModel", vision_sizes(mask_ratio=0.0), "pixels"),
    "ijepa": ("IJepaForImageClassification", vision_sizes(), "pixels"),
    # An image that is no square, registers, a gate, and keys without a bias.
    "dinov3": (
        "DINOv3ViTModel",
        vision_sizes(image_size=[12, 16], num_register_tokens=2, use_gated_mlp=True),
        "pixels",
    ),
    "beit": (
        "BeitForImageClassification",
        vision_sizes(use_relative_position_bias=True, layer_norm_eps=COARSE),
        "pixels",
    ),
    "data2vec-vision": (
        "Data2VecVisionForImageClassification",
        vision_sizes(use_shared_relative_position_bias=True, use_absolute_position_embeddings=True)
        | {"use_mean_pooling": False, "layer_scale_init_value": 0.0},
        "pixels",
    ),
    "ast": (
        "ASTForAudioClassification",
        without(
            vision_sizes(num_mel_bins=9, max_length=12, frequency_stride=3, time_stride=2), *IMAGE
        ),
        "spectrogram",
    ),
    "vivit": (
        "VivitForVideoClassification",
        without(vision_sizes(num_frames=4, tubelet_size=[2, 8, 8]), "patch_size"),
        "video",
    ),
    "videomae": (
        "VideoMAEForVideoClassification",
        vision_sizes(num_frames=4, tubelet_size=2, layer_norm_eps=COARSE) | {"patch_size": 8},
        "video",
    ),
    "clip": ("CLIPModel", CLIP, "tokens pixels"),
    # Its text ends at another token than the highest.
    "clip-text": (
        "CLIPTextModelWithProjection",
        CLIP["text_config"] | {"eos_token_id": 7, "layer_norm_eps": COARSE},
        "tokens",
    ),
    "clip-vision": ("CLIPVisionModelWithProjection", CLIP["vision_config"], "pixels"),
    "clip-classifier": (
        "CLIPForImageClassification",
        {"vision_config": CLIP["vision_config"], "id2label": vision_sizes()["id2label"]},
        "pixels",
    ),
    "siglip": ("SiglipModel", SIGLIP, "tokens pixels"),
    "siglip-vision": (
        "SiglipForImageClassification",
        {
            "vision_config": SIGLIP["vision_config"] | {"vision_use_head": False},
            "id2label": vision_sizes()["id2label"],
        },
        "pixels",
    ),
    "whisper": ("WhisperForConditionalGeneration", WHISPER, "tokens features"),
    "wav2vec2": ("Wav2Vec2ForCTC", SPEECH | STABLE | {"layer_norm_eps": COARSE}, "waveform"),
    "wav2vec2-pretraining": (
        "Wav2Vec2ForPreTraining",
        SPEECH
        | STABLE
        | {"num_codevectors_per_group": 4, "num_codevector_groups": 2, "codevector_dim": 8}
        | {"proj_codevector_dim": 16, "feat_extract_activation": "relu"},
        "waveform",
    ),
    "wav2vec2-post": (
        "Wav2Vec2ForSequenceClassification",
        SPEECH | {"classifier_proj_size": 12} | {"id2label": vision_sizes()["id2label"]},
        "waveform",
    ),
    "hubert": (
        "HubertForCTC",
        SPEECH | STABLE | {"feat_extract_norm": "group", "feat_proj_layer_norm": False}
        | {"num_conv_pos_embeddings": 5},
        "waveform",
    ),
    "wavlm": (
        "WavLMForCTC",
        SPEECH | STABLE | {"num_buckets": 8, "max_bucket_distance": 6},
        "waveform",
    ),
    "data2vec-audio": (
        "Data2VecAudioForCTC",
        SPEECH | {"num_conv_pos_embeddings": 2, "conv_pos_kernel_size": 5},
        "waveform",
    ),
    "cohere": (
        "CohereForCausalLM",
        sizes(16, 2, 32, num_key_value_heads=1, pad_token_id=0, logit_scale=0.25)
        | {"layer_norm_eps": COARSE}
        | rotary(),
        "tokens older",
    ),
    "cohere-norms": (
        "CohereForCausalLM",
        sizes(16, 4, 24, 1, num_key_value_heads=2, pad_token_id=0, use_qk_norm=True) | rotary(),
        "tokens",
    ),
    "cohere2": (
        "Cohere2ForCausalLM",
        sizes(16, 2, 24, 2, num_key_value_heads=1, pad_token_id=0, layer_norm_eps=COARSE)
        | {"sliding_window": 5, "layer_types": ["sliding_attention", "full_attention"]}
        | rotary(),
        "tokens",
    ),
    "starcoder2": (
        "Starcoder2ForCausalLM",
        sizes(16, 4, 24, 1, num_key_value_heads=2, norm_epsilon=COARSE) | rotary(),
        "tokens",
    ),
    "nemotron": (
        "NemotronForCausalLM",
        sizes(16, 2, 24, 1, num_key_value_heads=1, norm_eps=COARSE) | rotary(part=0.5),
        "tokens older",
    ),
    "jais2": ("Jais2ForCausalLM", sizes(16, 2, 24, 1, layer_norm_eps=COARSE) | rotary(), "tokens"),
    "phi-norms": (
        "PhiForCausalLM",
        sizes(16, 2, 24, 1, qk_layernorm=True) | rotary(part=0.5),
        "tokens",
    ),
    "stablelm-norms": (
        "StableLmForCausalLM",
        sizes(16, 4, 24, 1, num_key_value_heads=2, qk_layernorm=True) | rotary(part=0.5),
        "tokens",
    ),
    "persimmon": (
        "PersimmonForCausalLM",
        sizes(16, 2, 24, 1, layer_norm_eps=COARSE) | rotary(part=0.5),
        "tokens",
    ),
    "mixtral": (
        "MixtralForCausalLM",
        sizes(8, 2, 12, 1, num_key_value_heads=1, rms_norm_eps=COARSE, num_local_experts=3)
        | {"num_experts_per_tok": 2}
        | rotary(),
        "tokens experts",
    ),
    # Two of its experts are often closer than its noise.
    "phimoe": (
        "PhimoeForCausalLM",
        sizes(8, 2, 12, 1, num_key_value_heads=1, rms_norm_eps=COARSE, num_local_experts=3)
        | {"router_jitter_noise": 0.3, "attention_bias": True, "lm_head_bias": True}
        | {"original_max_position_embeddings": 16}
        | stretched(
            "longrope",
            short_factor=[1.0, 1.5],
            long_factor=[4.0, 4.0],
            short_mscale=1.2,
            long_mscale=1.2,
            original_max_position_embeddings=16,
        ),
        "tokens experts",
    ),
    # Its first layer has no mixture.
    "qwen2-moe": (
        "Qwen2MoeForCausalLM",
        sizes(8, 2, 12, 2, num_key_value_heads=1, rms_norm_eps=COARSE, num_experts=3)
        | {"num_experts_per_tok": 2, "moe_intermediate_size": 6, "decoder_sparse_step": 2}
        | {"shared_expert_intermediate_size": 10}
        | rotary(),
        "tokens experts",
    ),
    "qwen3-moe": (
        "Qwen3MoeForCausalLM",
        sizes(8, 2, 12, 1, num_key_value_heads=1, head_dim=6, rms_norm_eps=COARSE, num_experts=3)
        | {"num_experts_per_tok": 2, "moe_intermediate_size": 6, "norm_topk_prob": True}
        | rotary(),
        "tokens experts",
    ),
    "olmoe": (
        "OlmoeForCausalLM",
        sizes(8, 2, 6, 1, num_key_value_heads=1, rms_norm_eps=COARSE, num_experts=3)
        | {"num_experts_per_tok": 2, "pad_token_id": 0, "clip_qkv": 1.5}
        | rotary(),
        "tokens experts",
    ),
    "phi3": (
        "Phi3ForCausalLM",
        sizes(16, 2, 24, 1, num_key_value_heads=1, pad_token_id=0, rms_norm_eps=COARSE)
        | {"original_max_position_embeddings": 16}
        | stretched("longrope", short_factor=[1.0, 1.25, 1.5, 2.0], long_factor=[4.0] * 4),
        "tokens",
    ),
    "smollm3": (
        "SmolLM3ForCausalLM",
        sizes(16, 2, 24, 2, num_key_value_heads=1, pad_token_id=0, rms_norm_eps=COARSE)
        | {"no_rope_layer_interval": 2}
        | rotary(),
        "tokens",
    ),
    "granite": (
        "GraniteForCausalLM",
        sizes(16, 2, 24, 2, num_key_value_heads=1, rms_norm_eps=COARSE)
        | {"residual_multiplier": 0.3, "embedding_multiplier": 3.0}
        | {"attention_multiplier": 0.5, "logits_scaling": 0.5}
        | rotary(),
        "tokens older",
    ),
    "glm": (
        "GlmForCausalLM",
        sizes(16, 2, 24, 1, num_key_value_heads=1, head_dim=8, pad_token_id=0, rms_norm_eps=COARSE)
        | rotary(part=0.5),
        "tokens",
    ),
    "glm4": (
        "Glm4ForCausalLM",
        sizes(16, 2, 24, 1, num_key_value_heads=1, head_dim=8, pad_token_id=0, rms_norm_eps=COARSE)
        | rotary(part=0.5),
        "tokens older",
    ),
    "seed-oss": (
        "SeedOssForCausalLM",
        sizes(16, 2, 24, 1, num_key_value_heads=1, head_dim=12, pad_token_id=0)
        | {"rms_norm_eps": COARSE}
        | rotary(),
        "tokens",
    ),
    "helium": (
        "HeliumForCausalLM",
        sizes(16, 2, 24, 1, num_key_value_heads=1, head_dim=8, rms_norm_eps=COARSE) | rotary(),
        "tokens",
    ),
    "gpt-bigcode": (
        "GPTBigCodeForCausalLM",
        gpt2_sizes(n_embd=16, n_head=2, n_layer=1, n_inner=24, layer_norm_epsilon=COARSE),
        "tokens",
    ),
    "codegen": (
        "CodeGenForCausalLM",
        gpt2_sizes(n_embd=16, n_head=4, n_layer=1, n_inner=24, rotary_dim=2),
        "tokens",
    ),
    "biogpt": (
        "BioGptForCausalLM",
        sizes(16, 2, 24, 1, pad_token_id=1),
        "tokens",
    ),
    "xglm": (
        "XGLMForCausalLM",
        {"vocab_size": VOCABULARY, "d_model": 16, "ffn_dim": 24, "num_layers": 1}
        | {"attention_heads": 2, "max_position_embeddings": 24},
        "tokens",
    ),
    "mbart": ("MBartForConditionalGeneration", PAIR, "tokens source"),
    "m2m-100": ("M2M100ForConditionalGeneration", PAIR, "tokens source"),
    "pegasus": ("PegasusForConditionalGeneration", PAIR, "tokens source"),
    "blenderbot": ("BlenderbotForConditionalGeneration", PAIR, "tokens source"),
    "t5": ("T5ForConditionalGeneration", T5, "tokens source"),
    "t5-gated": (
        "T5ForConditionalGeneration",
        T5 | {"feed_forward_proj": "gated-gelu", "tie_word_embeddings": False, "num_heads": 3},
        "tokens source",
    ),
    "mt5": (
        "MT5ForConditionalGeneration",
        T5 | {"feed_forward_proj": "gated-gelu"},
        "tokens source",
    ),
    # Post-LN, which the converter has to refuse.
    "bert": ("BertForMaskedLM", sizes(16, 2, 32, max_position_embeddings=16), "masked"),
    "roberta": (
        "RobertaForMaskedLM",
        sizes(16, 2, 32, max_position_embeddings=16, pad_token_id=1, layer_norm_eps=COARSE),
        "masked",
    ),
    "roberta-prelayernorm": (
        "RobertaPreLayerNormForMaskedLM",
        sizes(16, 2, 32, max_position_embeddings=16, pad_token_id=1, layer_norm_eps=COARSE),
        "masked",
    ),
    "xlm-roberta-xl": (
        "XLMRobertaXLForMaskedLM",
        sizes(16, 2, 32, max_position_embeddings=16, pad_token_id=1),
        "masked",
    ),
    "megatron-bert": ("MegatronBertForMaskedLM", sizes(16, 2, 32), "masked"),
    # Two of its tokens are masked.
    "esm": (
        "EsmForMaskedLM",
        sizes(16, 2, 32, pad_token_id=1, mask_token_id=39, layer_norm_eps=COARSE)
        | {"position_embedding_type": "rotary", "token_dropout": True},
        "masked",
    ),
    "modernbert": (
        "ModernBertForMaskedLM",
        sizes(16, 2, 24, 4, pad_token_id=0, local_attention=4, norm_eps=COARSE),
        "masked",
    ),
    "eurobert": (
        "EuroBertForMaskedLM",
        sizes(16, 4, 24, 1, num_key_value_heads=2, pad_token_id=0, mask_token_id=39)
        | {"rms_norm_eps": COARSE}
        | rotary(),
        "masked",
    ),
    "distilbert": (
        "DistilBertForMaskedLM",
        {"vocab_size": VOCABULARY, "dim": 16, "n_heads": 2, "n_layers": 2, "hidden_dim": 32}
        | {"max_position_embeddings": 16},
        "masked",
    ),
    "openai-gpt": ("OpenAIGPTLMHeadModel", gpt2_sizes(layer_norm_epsilon=COARSE), "tokens"),
    "bart": ("BartForConditionalGeneration", BART, "tokens source"),
    "plbart": ("PLBartForConditionalGeneration", PAIR, "tokens source"),
    "marian": ("MarianMTModel", PAIR | {"decoder_start_token_id": 1}, "tokens source"),
    "opt-post": (
        "OPTForCausalLM",
        opt_sizes(do_layer_norm_before=False, word_embed_proj_dim=12),
        "tokens",
    ),
}


# --- weights ----------------------------------------------------------------------------------


def normal(generator, shape, center=0.0, spread=1.0):
    return center + spread * torch.randn(shape, generator=generator)


def uniform(generator, shape, low, high):
    return low + (high - low) * torch.rand(shape, generator=generator)


def draw_gain(generator, shape):
    """Between 0.5 and 2, a few of them negative, at least one."""
    gain = uniform(generator, shape, 0.5, 2.0)
    negative = torch.rand(shape, generator=generator) < 0.15
    negative[torch.randint(shape[0], (1,), generator=generator)] = True
    return torch.where(negative, -gain, gain)


def draw_table(generator, shape):
    """Rows whose means differ from 0 and from each other."""
    return normal(generator, shape, 0.0, 0.7) + normal(generator, (*shape[:-1], 1), 0.5, 0.4)


def draw(generator, module, name, shape):
    kind = type(module).__name__
    if kind.endswith("LayerScale"):
        return uniform(generator, shape, 0.2, 1.5)
    if kind.endswith("Norm") or kind in OFFSET_NORMS:
        if name == "bias":
            return normal(generator, shape, 0.0, 0.7)
        gain = draw_gain(generator, shape)
        return gain - 1 if kind in OFFSET_NORMS else gain
    if isinstance(module, (nn.Linear, Conv1D, nn.Conv1d, nn.Conv2d)):
        if name == "bias":
            return normal(generator, shape, 0.0, 0.3)
        fan_in = shape[0] if isinstance(module, Conv1D) else shape[1:].numel()
        return normal(generator, shape, 0.0, fan_in**-0.5)
    if name == "original0":  # the lengths of a normalized kernel's slices
        return uniform(generator, shape, 1.5, 3.0)
    if kind.endswith("SinusoidalPositionalEmbedding"):
        return None
    if len(shape) == 0:  # logit_scale
        return None
    if name in ("final_logits_bias", "bias"):
        return normal(generator, shape, 0.0, 0.3)
    return draw_table(generator, shape)


@torch.no_grad()
def draw_parameters(generator, model):
    seen = set()
    for module in model.modules():
        for name, parameter in module.named_parameters(recurse=False):
            if id(parameter) not in seen:
                seen.add(id(parameter))
                value = draw(generator, module, name, parameter.shape)
                if value is not None:
                    parameter.copy_(value)


# --- computation ------------------------------------------------------------------------------


class Float64(TorchDispatchMode):
    """Computes in float64 what is asked to be computed in fewer bits, but for slopes of ALiBi that are to be rounded."""

    rounds = False

    def __torch_dispatch__(self, function, types, arguments=(), named=None):
        named = dict(named or {})
        fewer = (torch.float32,) if Float64.rounds else (torch.float32, torch.bfloat16)
        if named.get("dtype") in fewer:
            named["dtype"] = torch.float64
        return function(*arguments, **named)


def draw_inputs(generator, reads, config):
    inputs = {}
    if "tokens" in reads or "masked" in reads:
        tokens = torch.randint(4, VOCABULARY - 1, (1, LENGTH), generator=generator)
        if "pixels" in reads:
            tokens[0, 0] = 0
            tokens[0, 9] = VOCABULARY - 1
            tokens[0, 10:] = 1
        if config.model_type == "esm":
            tokens[0, [3, 7]] = config.mask_token_id
        if config.model_type == "clip_text_model":
            tokens[tokens == config.eos_token_id] += 1
            tokens[0, 9] = tokens[0, 11] = config.eos_token_id
        inputs["tokens"] = tokens
    if "pixels" in reads:
        own = getattr(config, "image_size", IMAGE["image_size"])
        size = own if isinstance(own, list) else (IMAGE["image_size"],) * 2
        inputs["pixels"] = normal(generator, (1, IMAGE["num_channels"], *size), 0.2)
    if "features" in reads:
        frames = 2 * config.max_source_positions
        inputs["features"] = normal(generator, (1, config.num_mel_bins, frames), 0.2)
    if "video" in reads:
        size = IMAGE["image_size"]
        shape = (1, config.num_frames, IMAGE["num_channels"], size, size)
        inputs["video"] = normal(generator, shape, 0.2)
    if "spectrogram" in reads:
        shape = (1, config.max_length, config.num_mel_bins)
        inputs["spectrogram"] = normal(generator, shape, 0.2)
    if "waveform" in reads:
        inputs["waveform"] = normal(generator, (1, 90), 0.2)
    if "source" in reads:
        inputs["source"] = torch.randint(4, VOCABULARY - 1, (1, LENGTH - 3), generator=generator)
    return inputs


@torch.no_grad()
def run(model, inputs):
    return outputs_of(model, inputs)


def outputs_of(model, inputs):
    """The outputs by name, in the numbers of the model's weights."""
    dtype = next(model.parameters()).dtype
    # XGLM fills masks with the least number of its weights, in numbers of the default kind.
    torch.set_default_dtype(dtype if model.config.model_type == "xglm" else torch.float32)
    tokens = inputs.get("tokens")
    pixels, features, waveform = (
        inputs[name].to(dtype) if name in inputs else None
        for name in ("pixels", "features", "waveform")
    )
    for name in ("video", "spectrogram"):
        if name in inputs:
            given = inputs[name].to(dtype)
            body = model.base_model
            # VideoMAE's classifier normalizes the mean of what its body gives
            own = {} if model.config.model_type == "videomae" else {"hidden": body(given)[0]}
            return {"logits": model(given).logits} | own
    if model.config.model_type == "vit_mae":
        noise = torch.arange(16.0).unsqueeze(0)
        return {"vision": model(pixels, noise=noise).last_hidden_state}
    if model.config.model_type == "dinov3_vit":
        return {"vision": model(pixels).last_hidden_state}
    if model.config.model_type == "beit":
        return {"logits": model(pixels).logits}
    if waveform is not None:
        outputs = model(waveform)
        results = {name: outputs[name] for name in ("logits", "projected_states") if name in outputs}
        return results | {"memory": model.base_model(waveform).last_hidden_state}
    if features is not None:
        outputs = model(input_features=features, decoder_input_ids=tokens, use_cache=False)
        return {"logits": outputs.logits, "memory": outputs.encoder_last_hidden_state}
    if "source" in inputs:
        outputs = model(input_ids=inputs["source"], decoder_input_ids=tokens, use_cache=False)
        return {"logits": outputs.logits, "memory": outputs.encoder_last_hidden_state}
    if is_masked(model):
        return {"logits": model(input_ids=tokens).logits}
    if model.config.model_type == "clip_text_model":
        outputs = model(input_ids=tokens)
        return {"text_embeds": outputs.text_embeds, "text_hidden": outputs.last_hidden_state}
    if pixels is None:
        return {"logits": model(input_ids=tokens, use_cache=False).logits}
    if tokens is not None:
        image = model.get_image_features(pixel_values=pixels)
        text = model.get_text_features(input_ids=tokens)
        # CLIP's is not normalized
        hidden = "image_hidden" if model.config.model_type == "clip" else "hidden"
        return {
            "image_embeds": image.pooler_output,
            "text_embeds": text.pooler_output,
            hidden: image.last_hidden_state,
            "text_hidden": text.last_hidden_state,
        }
    outputs = model(pixel_values=pixels)
    results = {name: outputs[name] for name in outputs if name.endswith(("logits", "embeds"))}
    if "image_embeds" in results:
        return results
    body = getattr(model, "vision_model", model.base_model)
    return results | {"hidden": body(pixels).last_hidden_state}


def is_called_otherwise(model):
    """Whether the outputs of a class are not those of a plain call."""
    named = type(model).__name__ in ("XGLMForCausalLM", "ViTMAEModel")
    return named or hasattr(model, "get_image_features")


def is_masked(model):
    """Whether each token sees all others."""
    return type(model).__name__.endswith("ForMaskedLM")


def loss_of(model, inputs, outputs):
    """The sum over the heads: cross entropy of tokens or of label 3, the mean square of embeddings."""
    total = 0.0
    for name, value in outputs.items():
        if name.endswith(("embeds", "states", "vision")) or ("waveform" in inputs and value.dim() == 3):
            if name == "memory":
                continue
            total = total + value.square().mean()
        elif name.endswith("logits") and value.dim() == 3:
            tokens = inputs["tokens"][0]
            rows, answers = (
                (value[0], tokens.roll(-1)) if is_masked(model) else (value[0, :-1], tokens[1:])
            )
            total = total + nn.functional.cross_entropy(rows, answers)
        elif name.endswith("logits") and not (name == "logits" and "cls_logits" in outputs):
            total = total + nn.functional.cross_entropy(value, torch.tensor([3]))
    return total


def digest(gradient):
    """Of all numbers of a gradient: their norm, their sum weighted by cosines, and some of them."""
    flat = gradient.flatten()
    at = torch.arange(flat.numel(), dtype=torch.float64)
    some = [flat[i * flat.numel() // SAMPLES] for i in range(min(SAMPLES, flat.numel()))]
    return torch.stack([flat.norm(), (flat * at.cos()).sum(), *some])


def stored_place(name, parameter, stored):
    """The name in the file, and the first row: some modules are called otherwise, or are two of one, since transformers 5."""
    if name in stored:
        return name, 0
    value = parameter.detach().float()
    rows = max(1, len(value)) if value.dim() > 0 else 1
    (found,) = [
        (key, first)
        for key, tensor in stored.items()
        for first in range(0, len(tensor) if tensor.dim() > 0 else 1, rows)
        if torch.equal(tensor[first : first + rows] if tensor.dim() > 0 else tensor, value)
    ]
    return found


def pieces(name, parameter):
    """A parameter with its gradient; of experts, which transformers 5 joins, each matrix with its own."""
    both = parameter.detach(), parameter.grad
    if ".experts." not in name:
        return [both]
    parts = 2 if "gate_up" in name else 1
    return [
        pair
        for values in zip(*both, strict=True)
        for pair in zip(*(value.chunk(parts) for value in values), strict=True)
    ]


def gradients(model, inputs, stored):
    """The loss, and the digest of the gradient of each stored parameter that the outputs depend on."""
    loss = loss_of(model, inputs, outputs_of(model, inputs))
    loss.backward()
    results = {"loss": loss.detach().reshape(1)}
    parts = {}
    for name, parameter in model.named_parameters():
        if parameter.grad is not None:
            for value, gradient in pieces(name, parameter):
                key, first = stored_place(name, value, stored)
                parts.setdefault(key, {})[first] = gradient
    for key, gradient in parts.items():
        rows = [gradient[first] for first in sorted(gradient)]
        results[key] = digest(torch.cat(rows) if len(rows) > 1 else rows[0])
    return results


def error(actual, expected):
    return ((actual.double() - expected).abs().max() / expected.abs().max()).item()


def compare(name, actual, expected, tolerance):
    worst = max(error(actual[key], expected[key]) for key in expected)
    if not worst < tolerance:
        raise AssertionError(f"{name}: {worst:.2e} is above {tolerance:.0e}")
    return worst


def changed(model, inputs, outputs, position):
    """How much another token at a position changes the logits of each token."""
    tokens = inputs["tokens"].clone()
    tokens[0, position] = 4 + (tokens[0, position] - 3) % (VOCABULARY - 5)
    with Float64():
        other = run(model, {**inputs, "tokens": tokens})["logits"]
    return (other - outputs["logits"]).abs().amax(-1)[0]


def check_meaning(name, model, inputs, outputs):
    """That outputs are of a sensible size and that each token sees those that it should."""
    for key, value in outputs.items():
        if not value.isfinite().all() or value.std() < 0.05 or value.abs().max() > 300:
            raise AssertionError(f"{name}: {key} has the spread {value.std():.3g}")
    if "logits" not in outputs or "tokens" not in inputs:
        return
    if is_masked(model):
        for position in (0, LENGTH - 1):
            if changed(model, inputs, outputs, position).min() < 1e-6:
                raise AssertionError(f"{name}: a token is not seen by all")
        return
    last = changed(model, inputs, outputs, LENGTH - 1)
    if last[:-1].max() > 1e-12 or last[-1] < 1e-3:
        raise AssertionError(f"{name}: the last token is seen before its time, or not at all")
    first = changed(model, inputs, outputs, 0)
    reach = LENGTH
    if name == "mistral":
        reach = 1 + model.config.num_hidden_layers * (model.config.sliding_window - 1)
    if first[:reach].min() < 1e-6 or (first[reach:] > 1e-12).any():
        raise AssertionError(f"{name}: the first token is seen by others than it should be")


# --- files ------------------------------------------------------------------------------------


def older_spelling(config):
    """The rotary keys and the type of the numbers as most published configurations spell them."""
    config["torch_dtype"] = config.pop("dtype")
    parameters = config.pop("rope_parameters", {})
    base, part = parameters.get("rope_theta"), parameters.get("partial_rotary_factor")
    if config["model_type"] == "gpt_neox":
        return config | {"rotary_emb_base": int(base), "rotary_pct": part}
    if part is not None:
        config["partial_rotary_factor"] = part
    if parameters.get("rope_type", "default") != "default":
        config["rope_scaling"] = {key: parameters[key] for key in parameters if key != "rope_theta"}
    return config | {"rope_theta": base}


def rename_norms(path):
    """Transformers 5 writes ESM's norms under TensorFlow's names; published files have PyTorch's."""
    names = {".gamma": ".weight", ".beta": ".bias"}
    stored = load_file(path)
    renamed = {}
    for key, value in stored.items():
        stem, dot, last = key.rpartition(".")
        renamed[stem + names.get(dot + last, dot + last)] = value
    if renamed.keys() != stored.keys():
        save_file(renamed, path, metadata={"format": "pt"})


def make(name):
    model_name, settings, reads = CASES[name]
    reads = reads.split()
    model_class = getattr(transformers, model_name)
    attention = "sdpa" if "sdpa" in reads else "eager"
    Float64.rounds = "rounded" in reads
    generator = torch.Generator().manual_seed(SEED + zlib.crc32(name.encode()))
    torch.manual_seed(SEED)

    def build(dtype):
        config = model_class.config_class(**json.loads(json.dumps(settings)))
        if "experts" in reads:
            config._experts_implementation = "eager"  # others have no float64
        return model_class._from_config(config, attn_implementation=attention, dtype=dtype).eval()

    model = build(torch.float32)
    draw_parameters(generator, model)
    folder = FOLDER / name
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(folder)
    rename_norms(folder / "model.safetensors")
    (folder / "generation_config.json").unlink(missing_ok=True)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    if "older" in reads:
        config = older_spelling(config)
    if isinstance(settings.get("vision_config"), dict) and "tokens" not in reads:
        del config["text_config"]  # of no part of the model
    text = json.dumps(config, indent=2, sort_keys=True) + "\n"
    (folder / "config.json").write_text(text, encoding="utf-8")
    inputs = draw_inputs(generator, reads, model.config)
    with Float64():
        exact = build(torch.float64)
        # ESM keeps the speeds of its rotary positions, in float32
        state = {k: v for k, v in model.state_dict().items() if not k.endswith("inv_freq")}
        exact.load_state_dict(state, strict=False)
        outputs = run(exact, inputs)
    check_meaning(name, exact, inputs, outputs)
    save_file(
        {key: value.contiguous() for key, value in (inputs | outputs).items()},
        folder / "expected.safetensors",
        # One entry: safetensors writes several in any order.
        metadata={"made_by": MADE_BY},
    )

    with Float64():
        found = gradients(exact, inputs, load_file(folder / "model.safetensors"))
    save_file(found, folder / "gradients.safetensors", metadata={"made_by": MADE_BY})

    errors = []
    for dtype, tolerance in TOLERANCE.items():
        options = {"experts_implementation": "eager"} if "experts" in reads else {}
        loaded, information = model_class.from_pretrained(
            folder, attn_implementation=attention, dtype=dtype, output_loading_info=True, **options
        )
        if any(information.values()):
            raise AssertionError(f"{name}: {information}")
        errors.append(compare(name, run(loaded.eval(), inputs), outputs, tolerance))
    report(name, folder, errors)


def report(name, folder, errors):
    for path in folder.iterdir():
        path.chmod(0o644)
    size = sum(path.stat().st_size for path in folder.iterdir())
    count = len(load_file(folder / "model.safetensors"))
    print(f"{name:24} {size:7} bytes {count:3} tensors", *(f"{value:.1e}" for value in errors))


if __name__ == "__main__":
    torch.use_deterministic_algorithms(True)
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    for name in sys.argv[1:] or CASES:
        make(name)
    total = sum(path.stat().st_size for path in FOLDER.rglob("*") if path.is_file())
    print(f"{total} bytes in all")
