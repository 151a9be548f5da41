"""Linear models for HiGHS, passed as arrays and solved alike each time: one thread, and no limit of time."""

from dataclasses import dataclass, replace

import highspy
import numpy as np
import numpy.typing as npt

from marketmind_scheduler.adapters.numeric.lane import Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """The most of ``cost`` times x, each x from 0 to 1, each row, a sum of columns, from ``least``, which may be minus
    infinity, to ``most``. The ``columns`` of row r stand from ``begin[r]`` until before ``begin[r + 1]``."""

    cost: Ints
    begin: Ints
    columns: Ints
    least: npt.NDArray[np.float64]
    most: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Solved:
    """``x`` is None where nothing keeps the rows, or nothing was found. ``dual`` has each row's price, whole as the
    costs are; ``bound`` is above every value, of whole x only if asked so."""

    x: npt.NDArray[np.float64] | None
    dual: Ints
    bound: float
    is_optimal: bool


def solved(model: Model, *, nodes: int | None = None) -> Solved:
    """Solve as a linear model, or in whole numbers with at most so many ``nodes``."""
    highs = highspy.Highs()
    for option, value in {"output_flag": False, "threads": 1, "random_seed": 0, "mip_rel_gap": 0.0}.items():
        highs.setOptionValue(option, value)
    if nodes is None:
        highs.setOptionValue("presolve", "off")  # it takes longer than solving without it
    else:
        highs.setOptionValue("mip_max_nodes", nodes)
    unit = max(1, int(np.gcd.reduce(model.cost)))  # a multiple of all costs is the same model
    highs.passModel(_as_lp(replace(model, cost=model.cost // unit), is_whole=nodes is not None))
    highs.run()
    solution, info = highs.getSolution(), highs.getInfo()
    is_optimal = highs.getModelStatus() == highspy.HighsModelStatus.kOptimal
    has_solution = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    return Solved(
        x=np.array(solution.col_value) if has_solution else None,
        dual=np.rint(np.array(solution.row_dual)).astype(np.int64) * unit,
        bound=(info.objective_function_value if nodes is None else info.mip_dual_bound) * unit,
        is_optimal=is_optimal,
    )


def _as_lp(model: Model, *, is_whole: bool) -> highspy.HighsLp:
    columns, rows = len(model.cost), len(model.least)
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = columns, rows
    lp.sense_ = highspy.ObjSense.kMaximize
    lp.col_cost_ = model.cost.astype(np.float64)
    lp.col_lower_ = np.zeros(columns)
    lp.col_upper_ = np.ones(columns)
    lp.row_lower_, lp.row_upper_ = model.least, model.most
    matrix = lp.a_matrix_
    matrix.format_ = highspy.MatrixFormat.kRowwise
    matrix.num_col_, matrix.num_row_ = columns, rows
    matrix.start_ = model.begin.astype(np.int32)
    matrix.index_ = model.columns.astype(np.int32)
    matrix.value_ = np.ones(len(model.columns))
    if is_whole:
        lp.integrality_ = [highspy.HighsVarType.kInteger] * columns
    return lp


def stretches(first: Ints, behind: Ints) -> tuple[Ints, Ints]:
    """Rows of consecutive columns, as ``begin`` and ``columns`` of a model."""
    length = behind - first
    begin = np.concatenate(([0], np.cumsum(length))).astype(np.int64)
    columns: Ints = np.arange(begin[-1], dtype=np.int64) - np.repeat(begin[:-1], length) + np.repeat(first, length)
    return begin, columns


def proven(model: Model, dual: Ints) -> int:
    """A bound above every value, by weak duality, which holds for any prices: in whole numbers, so that no rounding of
    the solver's is in it. Prices of the wrong sign count as none."""
    dual = np.where(np.isinf(model.least), np.maximum(dual, 0), dual)
    gained = model.cost.copy()
    np.subtract.at(gained, model.columns, np.repeat(dual, np.diff(model.begin)))
    at = np.where(dual > 0, model.most, model.least)
    return int(dual[dual != 0] @ at[dual != 0].astype(np.int64)) + int(np.maximum(gained, 0).sum())
