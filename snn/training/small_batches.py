"""Batches of one image, of which a normalisation in training learns nothing."""

from __future__ import annotations

from spikeatlas.snn.coding import encode
from spikeatlas.snn.training.methods import Lesson


def batch_problems(lesson: Lesson) -> list[str]:
    """Say in a sentence where an image would be alone in its batch and must not be, or where there are too few of them."""
    spec, images = lesson.spec, len(lesson.data.train)
    smallest = spec.method.smallest_batch(images, spec.batch_size)
    if smallest is None or smallest > 1 or (smallest == 1 and _learns_from_one(lesson)):
        return []
    sizes = range(spec.batch_size + 1, images + 1)
    better = next((size for size in sizes if spec.method.smallest_batch(images, size) != 1), None)
    if smallest and better is not None:
        message = (
            f"training.batch_size: {spec.batch_size} leaves one of {images} training images alone in its batch, and a "
            f"normalisation learns from two or more; set it to {better}"
        )
        return [message]
    message = (
        f"data: {spec.method.kind} has two images or more to learn from at once, for which {images} to train with are too "
        "few; give more, by data.limit for example"
    )
    return [message]


def _learns_from_one(lesson: Lesson) -> bool:
    """Try whether the network can be shown one image in training."""
    network = lesson.build().train()
    try:
        network(encode(network, lesson.data.train.images[:1]))
    except ValueError:
        return False
    return True
