"""All that ``spikeatlas benchmark`` measures: one file a mode, whose function stands in one table.

A mode's keyword arguments are the options that it takes, and it yields what to print.
"""

from __future__ import annotations

from spikeatlas.flows.benchmark.mode import RACE, Mode
from spikeatlas.flows.benchmark.modes.analysis_cost import time_analysis
from spikeatlas.flows.benchmark.modes.decoding_speed import time_decoding
from spikeatlas.flows.benchmark.modes.explorer_page import time_explorer
from spikeatlas.flows.benchmark.modes.kind_speed import time_kinds
from spikeatlas.flows.benchmark.modes.kind_training import time_training_kinds
from spikeatlas.flows.benchmark.modes.landscape_race import race_landscapes
from spikeatlas.flows.benchmark.modes.network_comparison import compare_networks
from spikeatlas.flows.benchmark.modes.orchestration import time_orchestration
from spikeatlas.flows.benchmark.modes.planted_rates import score_planted
from spikeatlas.flows.benchmark.modes.race_searches import race_searches
from spikeatlas.flows.benchmark.modes.responder_speed import time_responder
from spikeatlas.flows.benchmark.modes.rules.actor_returns import compare_returns
from spikeatlas.flows.benchmark.modes.rules.convex_training import measure_convex
from spikeatlas.flows.benchmark.modes.rules.enumerated_optima import count_optima
from spikeatlas.flows.benchmark.modes.rules.importance_worth import weigh_importance
from spikeatlas.flows.benchmark.modes.runner_speed import time_runners
from spikeatlas.flows.benchmark.modes.student_fidelity import measure_students
from spikeatlas.flows.benchmark.modes.training_speed import time_training

MODES: dict[str, Mode] = {
    RACE: race_searches,
    "--networks": compare_networks,
    "--responder": time_responder,
    "--kinds": time_kinds,
    "--training": time_training,
    "--training-kinds": time_training_kinds,
    "--generator": time_decoding,
    "--orchestration": time_orchestration,
    "--runners": time_runners,
    "--analysis": time_analysis,
    "--planted": score_planted,
    "--convex": measure_convex,
    "--explorer": time_explorer,
    "--importance": weigh_importance,
    "--landscapes": race_landscapes,
    "--optima": count_optima,
    "--returns": compare_returns,
    "--students": measure_students,
}
"""What can be measured, as the command line names it."""
