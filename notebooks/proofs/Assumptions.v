(* What each theorem rests on: `deno task proofs` compares it with the axioms of the standard library's reals, and this list
   with the theorems of the other files. *)

From Normkit Require Vectors Norms LinearMaps Stack Affine Gpas Models.

Print Assumptions Norms.norms_are_defined.
Print Assumptions Norms.layerNorm_is_rmsNorm_of_center.
Print Assumptions Norms.layerNorm_is_rmsNorm_on_zero_mean.
Print Assumptions Norms.layerNorm_shift.
Print Assumptions Norms.rmsNorm_keeps_zero_mean.
Print Assumptions Norms.crmsNorm_is_first_of_rmsNorm.

Print Assumptions LinearMaps.centered_writer_subtracts_mean.
Print Assumptions LinearMaps.centered_writer_has_zero_mean.
Print Assumptions LinearMaps.compressed_reader.
Print Assumptions LinearMaps.shortened_writer.
Print Assumptions LinearMaps.fold_gain_and_bias.

Print Assumptions Stack.preRMS_stream_is_centered.
Print Assumptions Stack.preLN_is_preRMS.
Print Assumptions Stack.preRMS_is_preCRMS.
Print Assumptions Stack.preLN_is_preCRMS.
Print Assumptions Stack.centered_embeddings.

Print Assumptions Affine.affine_is_plain.
Print Assumptions Affine.three_models_are_one.

Print Assumptions Gpas.gpas_is_scale.
Print Assumptions Gpas.gpas_at_zero.
Print Assumptions Gpas.gate_is_positive.
Print Assumptions Gpas.rmsNorm_absorbs_scale.
Print Assumptions Gpas.layerNorm_absorbs_scale.
Print Assumptions Gpas.crmsNorm_absorbs_scale.
Print Assumptions Gpas.gpas_is_plain.
Print Assumptions Gpas.preLN_gpas_is_preLN.
Print Assumptions Gpas.preLN_gpas_is_preCRMS.
Print Assumptions Gpas.deepNorm_absorbs_alpha.
Print Assumptions Gpas.deepNorm_is_postLN.
Print Assumptions Gpas.deepNorm_gpas_is_deepNorm.

Print Assumptions Models.three_language_models_are_one.
Print Assumptions Models.tied_head_gets_its_own.
Print Assumptions Models.training_is_one.
