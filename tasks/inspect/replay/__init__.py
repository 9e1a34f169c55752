"""The replay of an atlas: every stored stimulus is shown again."""
