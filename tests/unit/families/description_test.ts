// Descriptions against the golden checkpoints: they name the tensors that are there, all of them, and no others.

import { assertEquals } from "@std/assert";
import { namesOf } from "../../support/described_names.ts";
import { goldenNames, openGolden } from "../../support/golden_models.ts";

/** Tensors that no layer reads: CLIP's temperature, speeds that are known. */
const unread: Readonly<Record<string, readonly string[]>> = {
  "clip": ["logit_scale"],
  "esm": ["esm.encoder.layer.*.attention.self.rotary_embeddings.inv_freq"],
  "siglip": ["logit_bias", "logit_scale"],
};

const gated = "up_proj gate_proj down_proj lm_head";
const network = "mlp.up_proj mlp.gate_proj mlp.down_proj lm_head";
const t5 = [
  "final_layer_norm layer_norm lm_head DenseReluDense.wo",
  ...["SelfAttention", "EncDecAttention"].flatMap((path) =>
    ["q", "k", "v", "o"].map((which) => `${path}.${which}`)
  ),
].join(" ");
const gateInside = "mlp.gate_up_proj mlp.down_proj lm_head";
const attention = "self_attn.q_proj self_attn.k_proj self_attn.v_proj self_attn.o_proj";
const rms = "input_layernorm post_attention_layernorm model.norm";
const behind = "post_attention_layernorm post_feedforward_layernorm model.norm";
const sandwich = `input_layernorm pre_feedforward_layernorm ${behind}`;
const falcon =
  "self_attention.query_key_value self_attention.dense mlp.dense_h_to_4h mlp.dense_4h_to_h lm_head";

/** The biases that a description has a name for and the checkpoint does not hold, by the ends of their paths. */
const absent: Readonly<Record<string, string>> = {
  "biogpt": "output_projection",
  "bloom": "lm_head",
  "clip": "embeddings.patch_embedding visual_projection text_projection",
  "clip-classifier": "embeddings.patch_embedding",
  "clip-text": "text_projection",
  "clip-vision": "embeddings.patch_embedding visual_projection",
  "cohere": `${attention} ${network}`,
  "data2vec-audio": "0.conv 1.conv",
  "cohere-norms": `${attention} ${network}`,
  "cohere2": `${attention} ${network}`,
  "beit": "attention.key",
  "data2vec-vision": "attention.key",
  "dinov3": "attention.k_proj",
  "eurobert": `${rms} ${attention} ${network}`,
  "exaone4": `${behind} self_attn.q_norm self_attn.k_norm ${attention} ${network}`,
  "falcon": falcon,
  "falcon-alibi": "lm_head",
  "falcon-rounded": falcon,
  "falcon-new": falcon,
  "gemma": `${rms} ${attention} ${network}`,
  "gemma2": `${sandwich} ${attention} ${network}`,
  "gemma3": `${sandwich} self_attn.q_norm self_attn.k_norm ${attention} ${network}`,
  "glm": `${rms} self_attn.o_proj ${gateInside}`,
  "glm4": `${rms} post_self_attn_layernorm post_mlp_layernorm self_attn.o_proj ${gateInside}`,
  "gpt-neo": "attention.q_proj attention.k_proj attention.v_proj lm_head",
  "gpt-neox": "embed_out",
  "gpt-neox-sequential": "embed_out",
  "codegen": "attn.qkv_proj attn.out_proj",
  "gpt-bigcode": "lm_head",
  "gpt2": "lm_head",
  "gpt2-untied": "lm_head",
  "gptj": "attn.q_proj attn.k_proj attn.v_proj attn.out_proj",
  "granite": `${rms} ${attention} ${network}`,
  "helium": `${rms} ${attention} ${network}`,
  "jais2": "lm_head",
  "llama": `${rms} ${attention} ${network}`,
  "llama-llama3": `${rms} ${attention} ${network}`,
  "mistral": `${rms} ${attention} ${network}`,
  "mixtral": `${rms} ${attention} block_sparse_moe.gate w1 w2 w3 lm_head`,
  "mistral-yarn": `${rms} ${attention} ${network}`,
  "nemotron": `${attention} mlp.up_proj mlp.down_proj lm_head`,
  "persimmon": "lm_head",
  "phimoe": "block_sparse_moe.gate w1 w2 w3",
  "phi3": `${rms} self_attn.qkv_proj self_attn.o_proj ${gateInside}`,
  "modernbert":
    "embeddings.norm attn.Wqkv attn.Wo attn_norm mlp_norm mlp.Wi mlp.Wo final_norm head.dense head.norm",
  "mpt": "attn.Wqkv attn.out_proj ffn.up_proj ffn.down_proj lm_head",
  "olmo": `${attention} ${network}`,
  "olmo-tied": `${attention} ${network}`,
  "olmoe": `${rms} self_attn.q_norm self_attn.k_norm ${attention} mlp.gate ${gated}`,
  "olmo2": `${behind} self_attn.q_norm self_attn.k_norm ${attention} ${network}`,
  "olmo3": `${behind} self_attn.q_norm self_attn.k_norm ${attention} ${network}`,
  "openai-gpt": "lm_head",
  "opt": "lm_head",
  "opt-narrow": "project_in project_out lm_head",
  "opt-post": "project_in project_out lm_head",
  "qwen2": `${rms} self_attn.o_proj ${network}`,
  "qwen2-moe": `${rms} self_attn.o_proj mlp.gate shared_expert_gate ${gated}`,
  "qwen3-moe": `${rms} self_attn.q_norm self_attn.k_norm ${attention} mlp.gate ${gated}`,
  "qwen3": `${rms} self_attn.q_norm self_attn.k_norm ${attention} ${network}`,
  "seed-oss": `${rms} self_attn.o_proj ${network}`,
  "smollm3": `${rms} ${attention} ${network}`,
  "stablelm-norms": `${attention} ${network}`,
  "starcoder2": "lm_head",
  "stablelm": `self_attn.o_proj ${network}`,
  "stablelm-parallel": `${attention} ${network}`,
  "videomae": "attention.key",
  "wav2vec2-post": "0.conv 1.conv",
  "m2m-100": "final_logits_bias",
  "xglm": "lm_head",
  "t5": `${t5} DenseReluDense.wi`,
  "mt5": `${t5} DenseReluDense.wi_1 DenseReluDense.wi_0`,
  "t5-gated": `${t5} DenseReluDense.wi_1 DenseReluDense.wi_0`,
  "whisper": "self_attn.k_proj encoder_attn.k_proj proj_out",
};

for (const name of goldenNames) {
  Deno.test(`describe() of ${name} names the tensors of its checkpoint, all of them, and no others`, async () => {
    using model = await openGolden(name);
    const { required, optional } = namesOf(model.spec);
    assertEquals(required.filter((tensor) => !model.tensors.has(tensor)), []);
    const named = new Set([...required, ...optional]);
    const unnamed = [...unread[name] ?? [], ...model.spec.unread ?? []]
      .filter((one) => !named.has(one)); // what stands for masked patches is both
    assertEquals(model.tensors.names.filter((one) => !named.has(one)), unnamed.toSorted());
    const missing = optional.filter((tensor) => !model.tensors.has(tensor));
    const expected = (absent[name] ?? "").split(" ").filter((word) => word !== "");
    const found = new Set(
      missing.map((tensor) => expected.find((end) => tensor.endsWith(`${end}.bias`)) ?? tensor),
    );
    assertEquals([...found].toSorted(), expected.toSorted());
  });
}
