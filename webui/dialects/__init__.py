"""Other APIs in which clients may talk to the models, translated to OpenAI chat completions and back."""
