"""Folders of many families as transformers saves them, with what it computes.

Writes OUT/NAME for each name: config.json and model.safetensors, as save_pretrained writes them, and
outputs.safetensors: inputs, and what the model makes of them in float64, under transformers' names for
outputs. Nothing of this is kept: tests/transformers/families.ts makes the folders when it runs, and
compares what they are to normkit with families.json.

    pip install torch==2.13.0 transformers==5.24.0 safetensors==0.8.0
    python tests/golden/make_families.py OUT [NAME ...]
"""

import sys
import zlib
from pathlib import Path

import make_heads
import torch
import transformers
from make_checkpoints import (
    BART,
    CLIP,
    IMAGE,
    PAIR,
    SEED,
    SIGLIP,
    SPEECH,
    STABLE,
    T5,
    VOCABULARY,
    WHISPER,
    Float64,
    draw_inputs,
    draw_parameters,
    falcon_sizes,
    gpt2_sizes,
    is_called_otherwise,
    opt_sizes,
    outputs_of,
    rotary,
    sizes,
    stretched,
    vision_sizes,
    without,
)
from safetensors.torch import save_file

BLOOM = {"vocab_size": VOCABULARY, "hidden_size": 16, "n_head": 2, "n_layer": 2}
MPT = {"vocab_size": VOCABULARY, "d_model": 16, "n_heads": 2, "n_layers": 2, "max_seq_len": 24}
MUSIC = {"vocab_size": VOCABULARY, "hidden_size": 16, "ffn_dim": 24, "num_hidden_layers": 1}
OPT = opt_sizes(do_layer_norm_before=True)
LLAMA = sizes(num_key_value_heads=1)
EXPERTS = LLAMA | {"num_local_experts": 3, "num_experts_per_tok": 2}
# A token of padding at the end of what classifiers read.
LABELS = {"num_labels": 3, "pad_token_id": 3}
# Each side has a table of its own, and there is one more, which nothing reads.
UNTIED = PAIR | {"tie_word_embeddings": False}
MASKED = {"pad_token_id": 1, "mask_token_id": 39}
VISION = CLIP["vision_config"]
JAPANESE = without(sizes(intermediate_multiple_size=2), "intermediate_size")
DBRX = without(MPT, "expansion_ratio") | {
    "ffn_config": {"ffn_hidden_size": 16, "moe_num_experts": 2, "moe_top_k": 1},
    "attn_config": {"kv_n_heads": 1, "clip_qkv": 8, "rope_theta": 10000.0},
}
LISTENER = BART | {"input_feat_per_channel": 6, "conv_channels": 8, "max_source_positions": 12}
SPECTROGRAM = without(vision_sizes(num_mel_bins=9, max_length=12), *IMAGE)
VIDEO = vision_sizes(num_frames=4, patch_size=8)


def variants(model, base, reads, **settings):
    """Models of one class that differ in settings, by name."""
    return {
        name.replace("_", "-"): (model, base | own, reads) for name, own in settings.items()
    }


# Name: the model, its configuration, what it reads; nothing where it is only refused.
CASES = {
    **variants(
        "GPT2LMHeadModel",
        gpt2_sizes(),
        "tokens",
        gpt2={},
        gpt2_invlayer={"scale_attn_by_inverse_layer_idx": True, "reorder_and_upcast_attn": True},
        gpt2_noscale={"scale_attn_weights": False},
        gpt2_gelu={"activation_function": "gelu"},
        gpt2_relu={"activation_function": "relu"},
        gpt2_tanh={"activation_function": "tanh"},
        gpt2_gelu10={"activation_function": "gelu_10"},
        gpt2_quickgelu={"activation_function": "quick_gelu"},
        gpt2_gelufast={"activation_function": "gelu_fast"},
        gpt2_untied={"tie_word_embeddings": False},
        gpt2_inner={"n_inner": 40},
    ),
    "gpt2-trunk": ("GPT2Model", gpt2_sizes(), "tokens"),
    "gpt2-seqcls": ("GPT2ForSequenceClassification", gpt2_sizes() | LABELS, "tokens"),
    "gpt2-tokcls": ("GPT2ForTokenClassification", gpt2_sizes() | LABELS, "tokens"),
    "gpt2-double": ("GPT2DoubleHeadsModel", gpt2_sizes(num_labels=1), "tokens"),
    "gpt2-qa": ("GPT2ForQuestionAnswering", gpt2_sizes(), "tokens"),
    **variants(
        "OPTForCausalLM",
        OPT,
        "tokens",
        opt={},
        opt_postln={"do_layer_norm_before": False},
        opt_nofinal={"_remove_final_layer_norm": True},
        opt_proj={"word_embed_proj_dim": 12},
        opt_nobias={"enable_bias": False},
        opt_noaffine={"layer_norm_elementwise_affine": False},
        opt_galactica={"activation_function": "gelu"},
    ),
    "opt-seqcls": ("OPTForSequenceClassification", OPT | LABELS, "tokens"),
    **variants(
        "GPTNeoXForCausalLM",
        sizes(16, 2, 40),
        "tokens",
        neox={},
        neox_seq={"use_parallel_residual": False},
        neox_rot1={"rotary_pct": 1.0},
        neox_rot1_v5=rotary(5000.0, 1.0),
        neox_linear=stretched("linear", factor=2.0, partial_rotary_factor=0.25),
        neox_nobias={"attention_bias": False},
        neox_gelunew={"hidden_act": "gelu_new"},
        neox_tied={"tie_word_embeddings": True},
    ),
    "neox-trunk": ("GPTNeoXModel", sizes(), "tokens"),
    "neox-seqcls": ("GPTNeoXForSequenceClassification", sizes() | LABELS, "tokens"),
    "gptj": ("GPTJForCausalLM", gpt2_sizes(n_embd=16, n_head=2, rotary_dim=4), "tokens"),
    **variants(
        "PhiForCausalLM",
        sizes(),
        "tokens",
        phi=rotary(part=0.5),
        phi_rot04=rotary(5000.0, 0.4) | {"hidden_size": 20},
        phi_qkln={"qk_layernorm": True},
        phi_gqa={"num_key_value_heads": 1},
    ),
    "phi-tokcls": ("PhiForTokenClassification", sizes() | LABELS, "tokens"),
    **variants(
        "BloomForCausalLM",
        BLOOM,
        "tokens",
        bloom={},
        bloom_6heads={"n_head": 6, "hidden_size": 24},
        bloom_resid={"apply_residual_connection_post_layernorm": True},
    ),
    "bloom-seqcls": ("BloomForSequenceClassification", BLOOM | LABELS, "tokens"),
    "gptneo-local": (
        "GPTNeoForCausalLM",
        sizes(16, 2, 24, 4, window_size=4, attention_types=[[["global", "local"], 2]]),
        "tokens",
    ),
    **variants(
        "FalconForCausalLM",
        falcon_sizes(16, 4),
        "tokens",
        falcon_7b={"multi_query": True, "parallel_attn": True},
        falcon_40b={"new_decoder_architecture": True, "num_kv_heads": 2},
        falcon_11b={"new_decoder_architecture": True, "num_kv_heads": 2}
        | {"num_ln_in_parallel_attn": 1},
        falcon_seq_mq={"multi_query": True, "parallel_attn": False, "bias": True},
    ),
    "falcon-rw": (
        "FalconForCausalLM",
        falcon_sizes(16, 4, alibi=True, multi_query=False, parallel_attn=False, bias=True),
        "tokens sdpa",
    ),
    "falcon-seqcls": ("FalconForSequenceClassification", falcon_sizes() | LABELS, "tokens"),
    **variants(
        "MptForCausalLM",
        MPT,
        "tokens",
        mpt={},
        mpt_clip={"attn_config": {"clip_qkv": 0.5}},
        mpt_qkln={"attn_config": {"qk_ln": True}},
        mpt_bias={"no_bias": False},
        mpt_6heads={"n_heads": 6, "d_model": 24},
        mpt_alibimax={"attn_config": {"alibi_bias_max": 16}},
        mpt_softscale={"attn_config": {"softmax_scale": 0.2}},
        mpt_logitscale={"logit_scale": 0.5},
    ),
    **variants(
        "StableLmForCausalLM",
        sizes(16, 2, 24, num_key_value_heads=2),
        "tokens",
        stablelm={},
        stablelm_gqa={"num_key_value_heads": 1, "use_qkv_bias": True},
        stablelm_par={"use_parallel_residual": True},
        stablelm_qkln={"qk_layernorm": True},
    ),
    "stablelm-seqcls": (
        "StableLmForSequenceClassification",
        sizes(num_key_value_heads=2) | LABELS,
        "tokens",
    ),
    **variants(
        "OlmoForCausalLM",
        sizes(pad_token_id=1),
        "tokens",
        olmo={},
        olmo_clip={"clip_qkv": 0.5},
        olmo_tied={"tie_word_embeddings": True},
        olmo_bias={"attention_bias": True},
    ),
    **variants(
        "LlamaForCausalLM",
        LLAMA,
        "tokens",
        llama={},
        llama_llama3=stretched("llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0)
        | {"original_max_position_embeddings": 12},
        llama_bias={"attention_bias": True, "mlp_bias": True},
        llama_headdim={"head_dim": 12},
    ),
    "llama-seqcls": ("LlamaForSequenceClassification", LLAMA | LABELS, "tokens"),
    "mistral": ("MistralForCausalLM", LLAMA | {"sliding_window": 4}, "tokens"),
    "mistral-partial": ("MistralForCausalLM", LLAMA | {"sliding_window": None}, "tokens"),
    "ministral": ("MinistralForCausalLM", LLAMA | {"head_dim": 8}, "tokens"),
    "qwen2": ("Qwen2ForCausalLM", LLAMA, "tokens"),
    "qwen2-swa": (
        "Qwen2ForCausalLM",
        LLAMA | {"use_sliding_window": True, "sliding_window": 4, "max_window_layers": 1},
        "tokens",
    ),
    "qwen2_moe": (
        "Qwen2MoeForCausalLM",
        LLAMA
        | {"num_experts": 2, "num_experts_per_tok": 1}
        | {"moe_intermediate_size": 8, "shared_expert_intermediate_size": 8},
        "tokens experts",
    ),
    "qwen3": ("Qwen3ForCausalLM", LLAMA | {"head_dim": 8}, "tokens"),
    "gemma": ("GemmaForCausalLM", LLAMA | {"head_dim": 8, "pad_token_id": 0}, "tokens"),
    "gemma2": ("Gemma2ForCausalLM", LLAMA | {"head_dim": 8, "pad_token_id": 0}, "tokens"),
    "cohere": ("CohereForCausalLM", LLAMA | {"pad_token_id": 0}, "tokens"),
    "cohere2": ("Cohere2ForCausalLM", LLAMA | {"pad_token_id": 0}, "tokens"),
    "starcoder2": ("Starcoder2ForCausalLM", LLAMA, "tokens"),
    "gpt_bigcode": ("GPTBigCodeForCausalLM", gpt2_sizes(), "tokens"),
    "codegen": ("CodeGenForCausalLM", gpt2_sizes(n_embd=16, n_head=4, rotary_dim=2), "tokens"),
    "biogpt": ("BioGptForCausalLM", sizes(pad_token_id=1), "tokens"),
    "xglm": (
        "XGLMForCausalLM",
        {"vocab_size": VOCABULARY, "d_model": 16, "ffn_dim": 24, "num_layers": 2}
        | {"attention_heads": 2, "max_position_embeddings": 24},
        "tokens",
    ),
    "nemotron": ("NemotronForCausalLM", LLAMA, "tokens"),
    "persimmon": ("PersimmonForCausalLM", sizes(), "tokens"),
    "phi3": ("Phi3ForCausalLM", sizes(pad_token_id=0), "tokens"),
    "phimoe": ("PhimoeForCausalLM", EXPERTS, "tokens experts"),
    "dbrx": ("DbrxForCausalLM", DBRX, ""),
    "ctrl": ("CTRLLMHeadModel", gpt2_sizes(n_embd=16, n_head=2, dff=24), "tokens"),
    "gpt_neox_japanese": ("GPTNeoXJapaneseForCausalLM", JAPANESE, "tokens"),
    "imagegpt": ("ImageGPTForCausalImageModeling", gpt2_sizes(), "tokens"),
    "git": ("GitForCausalLM", sizes(vision_config=VISION), ""),
    "rwkv": (
        "RwkvForCausalLM",
        without(sizes(context_length=24), "max_position_embeddings", "num_attention_heads"),
        "",
    ),
    "trocr": (
        "TrOCRForCausalLM",
        {"vocab_size": VOCABULARY, "d_model": 16, "decoder_layers": 1, "decoder_ffn_dim": 24}
        | {"decoder_attention_heads": 2, "max_position_embeddings": 24},
        "tokens",
    ),
    "smollm3": ("SmolLM3ForCausalLM", LLAMA | {"pad_token_id": 0}, "tokens"),
    "granite": ("GraniteForCausalLM", LLAMA, "tokens"),
    "olmo2": ("Olmo2ForCausalLM", sizes(pad_token_id=1), "tokens"),
    "mixtral": ("MixtralForCausalLM", EXPERTS, "tokens experts"),
    "jais2": ("Jais2ForCausalLM", sizes(), "tokens"),
    "glm": ("GlmForCausalLM", LLAMA | {"head_dim": 8, "pad_token_id": 0}, "tokens"),
    "helium": ("HeliumForCausalLM", LLAMA | {"head_dim": 8}, "tokens"),
    "apertus": ("ApertusForCausalLM", sizes(), "tokens"),
    "musicgen_decoder": ("MusicgenForCausalLM", MUSIC | {"num_attention_heads": 2}, ""),
    "bert": ("BertForMaskedLM", sizes(), "masked"),
    "roberta-prelayernorm": ("RobertaPreLayerNormForMaskedLM", sizes() | MASKED, "masked"),
    "modernbert": (
        "ModernBertForMaskedLM",
        sizes(16, 2, 24, 4, pad_token_id=0, local_attention=4),
        "masked",
    ),
    "xlm-roberta-xl": ("XLMRobertaXLForMaskedLM", sizes() | MASKED, "masked"),
    "esm": ("EsmForMaskedLM", sizes() | MASKED, "masked"),
    "megatron-bert": ("MegatronBertForMaskedLM", sizes(), "masked"),
    "nystromformer": ("NystromformerForMaskedLM", sizes(), ""),
    "eurobert": ("EuroBertForMaskedLM", sizes(pad_token_id=0), "masked"),
    "rembert": ("RemBertForMaskedLM", sizes(), "masked"),
    "mobilebert": (
        "MobileBertForMaskedLM",
        sizes(embedding_size=16, true_hidden_size=16, intra_bottleneck_size=16),
        "masked",
    ),
    "t5": ("T5ForConditionalGeneration", T5, "tokens source"),
    "mbart": ("MBartForConditionalGeneration", PAIR, "tokens source"),
    "pegasus": ("PegasusForConditionalGeneration", PAIR, "tokens source"),
    "m2m_100": ("M2M100ForConditionalGeneration", PAIR, "tokens source"),
    "blenderbot": ("BlenderbotForConditionalGeneration", PAIR, "tokens source"),
    "bart": ("BartForConditionalGeneration", BART, "tokens source"),
    "plbart": ("PLBartForConditionalGeneration", PAIR, "tokens source"),
    "bart-untied": ("BartForConditionalGeneration", UNTIED, "tokens source"),
    "blenderbot-untied": ("BlenderbotForConditionalGeneration", UNTIED, "tokens source"),
    "marian-separate": (
        "MarianMTModel",
        PAIR | {"decoder_start_token_id": 1, "share_encoder_decoder_embeddings": False},
        "tokens source",
    ),
    "marian": ("MarianMTModel", PAIR | {"decoder_start_token_id": 1}, "tokens source"),
    "nllb-moe": ("NllbMoeForConditionalGeneration", PAIR | {"num_experts": 2}, ""),
    "bigbird_pegasus": ("BigBirdPegasusForConditionalGeneration", PAIR, ""),
    "prophetnet": (
        "ProphetNetForConditionalGeneration",
        without(PAIR, "d_model", "encoder_layers", "decoder_layers")
        | {"hidden_size": 8, "num_encoder_layers": 1, "num_decoder_layers": 1}
        | {"num_encoder_attention_heads": 2, "num_decoder_attention_heads": 2},
        "",
    ),
    "speech_to_text": ("Speech2TextForConditionalGeneration", LISTENER, ""),
    **variants(
        "WhisperForConditionalGeneration",
        WHISPER,
        "tokens features",
        whisper={},
        whisper_scaled={"scale_embedding": True},
    ),
    "whisper-cls": (
        "WhisperForAudioClassification",
        WHISPER | {"num_labels": 3, "classifier_proj_size": 8},
        "features",
    ),
    "vit": ("ViTForImageClassification", vision_sizes(), "pixels"),
    "vit-base-pooler": ("ViTModel", vision_sizes(), "pixels"),
    "vit-mim": ("ViTForMaskedImageModeling", vision_sizes(encoder_stride=4), "pixels"),
    "vit-noqkvbias": ("ViTForImageClassification", vision_sizes(qkv_bias=False), "pixels"),
    "deit": ("DeiTForImageClassification", vision_sizes(), "pixels"),
    "deit-teacher": ("DeiTForImageClassificationWithTeacher", vision_sizes(), "pixels"),
    "dinov2": ("Dinov2ForImageClassification", vision_sizes(), "pixels"),
    "dinov2-base": ("Dinov2Model", vision_sizes(), "pixels"),
    "dinov2-swiglu": ("Dinov2Model", vision_sizes(use_swiglu_ffn=True), "pixels"),
    "dinov2_with_registers": (
        "Dinov2WithRegistersForImageClassification",
        vision_sizes(num_register_tokens=2),
        "pixels",
    ),
    "dinov3_vit": ("DINOv3ViTModel", vision_sizes(num_register_tokens=2), "pixels"),
    "beit": ("BeitForImageClassification", vision_sizes(), "pixels"),
    "data2vec-vision": ("Data2VecVisionForImageClassification", vision_sizes(), "pixels"),
    # All patches are seen.
    "vit_mae": ("ViTMAEModel", vision_sizes(mask_ratio=0.0), "pixels"),
    "vit_msn": ("ViTMSNForImageClassification", vision_sizes(), "pixels"),
    "ijepa": ("IJepaModel", vision_sizes(), "pixels"),
    "siglip_vision_model": ("SiglipVisionModel", SIGLIP["vision_config"], "pixels"),
    "clip_vision_model": ("CLIPVisionModelWithProjection", VISION, "pixels"),
    "yolos": ("YolosModel", vision_sizes(image_size=[16, 16], num_detection_tokens=2), "pixels"),
    "dpt": ("DPTModel", vision_sizes(backbone_out_indices=[0, 0, 1, 1]), "pixels"),
    "blip_vision": ("BlipVisionModel", VISION, "pixels"),
    "videomae": ("VideoMAEModel", VIDEO | {"tubelet_size": 2}, "video"),
    "vivit": ("VivitModel", without(VIDEO, "patch_size") | {"tubelet_size": [2, 8, 8]}, "video"),
    "audio-spectrogram-transformer": (
        "ASTModel",
        SPECTROGRAM | {"frequency_stride": 3, "time_stride": 2},
        "spectrogram",
    ),
    "ijepa2": ("VJEPA2Model", vision_sizes(crop_size=16, pred_hidden_size=16)
               | {"pred_num_attention_heads": 2, "pred_num_hidden_layers": 1}, ""),
    "swin": (
        "SwinModel",
        {"image_size": 16, "patch_size": 4, "embed_dim": 8, "depths": [1, 1]}
        | {"num_heads": [2, 2], "window_size": 2},
        "",
    ),
    "convnext": ("ConvNextModel", {"hidden_sizes": [8] * 4, "depths": [1] * 4}, ""),
    "hiera": (
        "HieraModel",
        {"image_size": [32, 32], "embed_dim": 8, "depths": [1] * 4, "num_heads": [1, 1, 2, 2]},
        "",
    ),
    "clip": ("CLIPModel", CLIP, "tokens pixels"),
    # Its text ends at another token than the highest.
    "clip-eos": (
        "CLIPModel",
        CLIP | {"text_config": CLIP["text_config"] | {"eos_token_id": 1}},
        "tokens pixels",
    ),
    "clip_text_model": ("CLIPTextModel", CLIP["text_config"], "tokens"),
    "siglip": ("SiglipModel", SIGLIP, "tokens pixels"),
    "altclip": (
        "AltCLIPModel",
        CLIP | {"text_config": sizes(project_dim=12), "vision_config": VISION},
        "",
    ),
    **{
        f"{name}-stable": (f"{prefix}ForCTC", SPEECH | STABLE, "waveform")
        for name, prefix in {
            "wav2vec2": "Wav2Vec2",
            "hubert": "Hubert",
            "wavlm": "WavLM",
            "data2vec-audio": "Data2VecAudio",
            "unispeech-sat": "UniSpeechSat",
        }.items()
    },
}


def build(name, dtype):
    """The model without weights of its own."""
    class_name, settings, reads = CASES[name]
    model_class = getattr(transformers, class_name)
    config = model_class.config_class(**settings)
    if "experts" in reads:
        config._experts_implementation = "eager"  # others have no float64
    if dtype == torch.float64:
        config.reorder_and_upcast_attn = False  # which computes in float32, whatever is asked
    attention = "sdpa" if "sdpa" in reads else "eager"
    return model_class._from_config(config, attn_implementation=attention, dtype=dtype).eval()


def outputs(model, inputs):
    """What a model makes of inputs, under transformers' names."""
    if is_called_otherwise(model):
        return outputs_of(model, inputs)
    if model.config.model_type == "siglip_vision_model":
        return {"image_embeds": model(inputs["pixels"].double()).pooler_output}
    found = make_heads.run(model, inputs, None)
    return {name: value for name, value in found.items() if value.is_floating_point()}


def make(name, folder):
    generator = torch.Generator().manual_seed(SEED + zlib.crc32(name.encode()))
    torch.manual_seed(SEED)
    model = build(name, torch.float32)
    draw_parameters(generator, model)
    model.save_pretrained(folder)
    reads = CASES[name][2].split()
    if not reads:
        return
    inputs = draw_inputs(generator, reads, model.config)
    with Float64():
        exact = build(name, torch.float64)
        exact.load_state_dict(model.state_dict())
        found = outputs(exact, inputs)
    tensors = {key: value.contiguous() for key, value in (inputs | found).items()}
    save_file(tensors, folder / "outputs.safetensors")


if __name__ == "__main__":
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    for name in sys.argv[2:] or CASES:
        make(name, Path(sys.argv[1]) / name)
