"""The overfitted codec: latents and networks are fitted to each image and go into its file."""
