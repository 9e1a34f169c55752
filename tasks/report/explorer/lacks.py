"""Sentences that stand in a panel of the page where its data are not there."""

from __future__ import annotations

from spikeatlas.snn.subjects import LACKS
from spikeatlas.tasks.atlas import Layout, Tree
from spikeatlas.tasks.report.atlas_words import network_lack, stimulus_word
from spikeatlas.tasks.report.summary import Summary

OLDER = "This atlas was made before that was measured; a new run measures it."


def lacks(tree: Tree, summary: Summary) -> dict[str, str]:
    """Return a sentence for each panel that cannot be filled, by the panel's name; none for those that can."""
    layout = summary.layout
    analysed = summary.analysed is not None
    sentences = {
        "accuracy": _accuracy(summary),
        "measures": "" if analysed else "No epoch is analysed yet: run the study to its end.",
        "observed": ""
        if summary.observed is not None
        else f"No epoch has seen the test {stimulus_word(layout)}s yet.",
        "interval": _interval(tree, analysed=analysed),
        "population": _group(tree, "progress/layers", analysed=analysed),
        "ablation": _ablation(tree, layout),
        "blank": _blank(tree),
        "training": network_lack(layout, "epochs") or _training(tree),
        "epochs": network_lack(layout, "epochs"),
        "readout": network_lack(layout, "readout"),
        **(_of_searches(tree, summary) if summary.searched else {}),
    }
    return {panel: text for panel, text in sentences.items() if text}


def _of_searches(tree: Tree, summary: Summary) -> dict[str, str]:
    """Return the sentences of panels about searches, which a page without any does not have."""
    layout, study = summary.layout, summary.study
    return {
        "best_known": _best_known(summary),
        "cross": _cross(tree),
        "repeats": ""
        if layout.repeats > 1
        else "One search of each kind a neuron (search.repeats: 1): nothing tells how much two of them differ.",
        "diverse": ""
        if layout.diverse
        else "The study asked for no diverse stimuli (search.diverse).",
        "classifier": ""
        if study.get("classifier")
        else "The study names no classifier, so no judge that is the same at every epoch reads the MEIs.",
        "drift": _drift(layout),
    }


def network_lacks(layout: Layout) -> list[str]:
    """Return what the network of an atlas does not have, each in words, and what follows."""
    return [LACKS[name] for name in layout.lacks]


def _accuracy(summary: Summary) -> str:
    none = "" if summary.flags["trained"].any() else "No epoch is trained yet."
    return network_lack(summary.layout, "readout") or none


def _drift(layout: Layout) -> str:
    if len(layout.epochs) > 1:
        return ""
    return network_lack(layout, "epochs") or "One epoch: nothing to compare it with."


def _interval(tree: Tree, *, analysed: bool) -> str:
    if "csi_low" not in tree["selectivity"]:
        return f"No interval and no shuffle level. {OLDER}"
    return "" if analysed else "No epoch is analysed yet."


def _group(tree: Tree, name: str, *, analysed: bool) -> str:
    if name not in tree:
        return OLDER
    return "" if analysed else "No epoch is analysed yet."


def _ablation(tree: Tree, layout: Layout) -> str:
    if missing := network_lack(layout, "readout", "ablation"):
        return missing
    if "importance/ablation" not in tree:
        return "No neuron was silenced: name epochs in the study's analysis.ablation to learn its importance."
    done = bool((tree.progress.ablated == 1).any())
    return "" if done else "No epoch's neurons have been silenced yet: run the study to its end."


def _cross(tree: Tree) -> str:
    if "cross" not in tree:
        return "The networks were not shown the MEIs of other epochs (analysis.cross)."
    done = bool((tree["cross"].crossed == 1).any())
    return (
        ""
        if done
        else "No network has been shown another epoch's MEIs yet: run the study to its end."
    )


def _best_known(summary: Summary) -> str:
    compared = any(layer.best_known.compared.any() for layer in summary.layers)
    return "" if compared else "No epoch's MEIs are compared with all other images yet."


def _blank(tree: Tree) -> str:
    blanked = bool((tree.progress.blanked == 1).any())
    return "" if blanked else "No network has been shown blank images yet."


def _training(tree: Tree) -> str:
    if "training" not in tree:
        return "Onset of selectivity and concept change were not computed for this atlas."
    table = tree["training"]
    if "switched" not in table or "switch_q" not in table:
        return "Concept change was not computed for this atlas."
    if not bool((table.switch_q.notnull() | (table.switched == 1)).any()):
        return "Concept change is not known for any neuron: it needs test-image responses of two epochs or more."
    return ""
