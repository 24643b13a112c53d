"""The Bradley-Terry model: strengths of items from comparisons of pairs.

R. A. Bradley, M. E. Terry, "Rank analysis of incomplete block designs: I. The method of paired comparisons",
Biometrika 39 (1952): item i is preferred to j with the probability 1 / (1 + exp(s_j - s_i)). Strengths are natural
log-odds: with a difference of ln 3 = 1.1, three of four answers prefer the stronger item. The fit maximises the
likelihood under a weak normal prior, which keeps an item finite that won or lost all its comparisons.
"""

from __future__ import annotations

import numpy as np

PRIOR = 3.0  # standard deviation of the strengths under the prior
_GRADIENT = 1e-7  # at the optimum, as a share of the answers


def strengths(wins: np.ndarray, prior: float = PRIOR) -> np.ndarray:
    """The strengths of items, [n], of mean 0; NaN for an item that wasn't compared.

    `wins` [n, n] counts how often row was preferred to column; an undecided answer is half a win for each. Raises
    ValueError for another shape, and for negative or infinite counts.
    """
    from scipy.optimize import minimize

    wins = np.asarray(wins, dtype=np.float64)
    if wins.ndim != 2 or wins.shape[0] != wins.shape[1] or not np.isfinite(wins).all() or (wins < 0).any():
        raise ValueError(f"wins must be counts [n, n]; found {wins.shape}")
    compared = (wins.sum(axis=0) + wins.sum(axis=1)) > 0
    estimates = np.full(len(wins), np.nan)
    if not compared.any():
        return estimates
    known = wins[np.ix_(compared, compared)]
    both, won, ridge = known + known.T, known.sum(axis=1), prior**-2

    def loss(s: np.ndarray) -> tuple[float, np.ndarray]:
        gaps = s[:, None] - s[None, :]
        share = _sigmoid(gaps)
        value = float((known * np.logaddexp(0, -gaps)).sum() + 0.5 * ridge * (s * s).sum())
        return value, (both * share).sum(axis=1) - won + ridge * s

    def curvature(s: np.ndarray) -> np.ndarray:
        share = _sigmoid(s[:, None] - s[None, :])
        weight = both * share * (1 - share)
        return np.diag(weight.sum(axis=1) + ridge) - weight

    enough = {"gtol": _GRADIENT * (1 + known.sum())}
    done = minimize(loss, np.zeros(len(known)), jac=True, hess=curvature, method="trust-exact", options=enough)
    estimates[compared] = done.x - done.x.mean()
    return estimates


def preference(first: float, second: float) -> float:
    """The probability that an item of strength `first` is preferred to one of `second`."""
    return float(_sigmoid(np.asarray(first - second)))


def counted(first: np.ndarray, second: np.ndarray, share: np.ndarray, weight: np.ndarray, n: int) -> np.ndarray:
    """The wins [n, n] of answers [a]: items `first`, `second`, the first's `share` of the win (1, 0.5, 0), weights."""
    wins = np.zeros((n, n))
    np.add.at(wins, (first, second), weight * share)
    np.add.at(wins, (second, first), weight * (1 - share))
    return wins


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return 0.5 * (1 + np.tanh(0.5 * x))
