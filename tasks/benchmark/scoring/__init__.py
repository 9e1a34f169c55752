"""The verdicts of a race: scores of every neuron, targets, tables and figures, from the results alone."""
