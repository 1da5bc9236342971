"""OpenAIClient: a prompt and a card go in, the model's exact answer comes out."""
