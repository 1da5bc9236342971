"""ModelRegistry: cards and history go in, a decision which model to ask comes out."""
