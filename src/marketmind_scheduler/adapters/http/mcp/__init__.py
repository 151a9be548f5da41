"""The service as tools for agents, over the Model Context Protocol: another way in to the same use cases."""
