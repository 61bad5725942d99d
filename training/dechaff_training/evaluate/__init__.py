"""Evaluation: metrics, benchmarks, model diffs, the model card."""
