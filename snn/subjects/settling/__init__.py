"""Feedback spiking networks as subjects: trained here, and answering by the rates that they settle to."""

from __future__ import annotations

from spikeatlas.snn.subjects.settling.feedback_subject import FeedbackSpec, FeedbackSubject

__all__ = ["FeedbackSpec", "FeedbackSubject"]
