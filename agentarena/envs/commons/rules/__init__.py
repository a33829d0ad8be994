"""The rules of the commons: the arithmetic of resources, the harvest, institutions, and the phases of a round."""
