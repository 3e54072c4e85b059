"""Who may reach a registry: values and one question, in the standard library only."""
