"""The pipeline's stages as pure functions: split (tss), guide (gss), synthesize."""
