"""What a training takes where its recipe doesn't say."""

BATCH = 8  # crops in a step
CROP = 128  # their side in pixels
SEED = 1
INIT = "principal"  # from the photos' principal components, without weights to start from
