"""Successive halving over candidates: all of them on few rows, the best on more, the best of those on all."""

import math
import time

import numpy as np

from candidates import build, fit, sample_candidates

CANDIDATES_PER_NODE_HOUR = 6
MOST_CANDIDATES = 96
# Of processor time, so that the same search ends the same way on a busy machine; two cores spend it in half the time.
SECONDS_PER_NODE_HOUR = 30
MOST_SECONDS = 1200
FEWEST_ROWS = 2000
KEPT = 3  # one in three goes on to the next round


def plan(milli_node_hours):
    """(candidates, seconds, rounds) of a budget. The number of candidates decides; the seconds are a fence for big data."""
    hours = milli_node_hours / 1000
    candidates = min(MOST_CANDIDATES, max(3, round(CANDIDATES_PER_NODE_HOUR * hours)))
    return candidates, min(MOST_SECONDS, SECONDS_PER_NODE_HOUR * hours), 1 + math.floor(math.log(candidates, KEPT))


def search(data, score, classes, milli_node_hours, early_stopping, seed, log):
    """
    `data` = (x, y, weights, x_validation, y_validation, weights_validation). Returns the candidates, best first, as
    [{algorithm, parameters, score, model}], and a summary of the search.
    """
    x, y, weights, xv, yv, wv = data
    count, seconds, rounds = plan(milli_node_hours)
    random = np.random.default_rng(seed)
    field = [{"algorithm": a, "parameters": p} for a, p in sample_candidates(count, random, len(classes))]
    order = _shuffled(y, random, bool(classes))
    started, spent, fits, stopped = time.monotonic(), time.process_time(), 0, "budget"
    log(f"Search: {count} candidates in {rounds} rounds, at most {seconds:g} s of processor time, {len(y)} training rows")
    for turn in range(rounds):
        rows = min(len(y), max(FEWEST_ROWS, len(y) // KEPT ** (rounds - 1 - turn)))
        last = turn == rounds - 1
        part = order[:rows]
        if bool(classes) and len(np.unique(y[part])) < len(classes):
            part = order
        ranked, behind = [], 0
        for candidate in field:
            if fits and time.process_time() - spent > seconds:
                stopped = "time"
                break
            if last and early_stopping and behind >= 3:
                stopped = "early stopping"
                break
            result = _measure(candidate, x[part], y[part], None if weights is None else weights[part], (xv, yv, wv), score, classes, seed)
            fits += 1
            best = max((other["score"] for other in ranked), default=-math.inf)
            behind = 0 if result["score"] > best + abs(best) * 1e-3 else behind + 1
            ranked.append(result)
        # What time left unmeasured in this round keeps its place behind what was measured.
        measured = {id(result["candidate"]) for result in ranked}
        ranked.sort(key=lambda result: -result["score"])
        rest = [candidate for candidate in field if id(candidate) not in measured and "score" in candidate]
        leader = ranked[0] if ranked else None
        field = [{**result["candidate"], "score": result["score"], "model": result["model"]} for result in ranked] + rest
        if leader is not None:
            log(f"Round {turn + 1}: {len(ranked)} candidates on {len(part)} rows, best {leader['candidate']['algorithm']} {leader['score']:.5f}")
        if stopped == "time" or last:
            break
        field = field[: max(3, math.ceil(len(field) / KEPT))]
    summary = {"candidates": count, "fits": fits, "seconds": round(time.monotonic() - started, 2), "stoppedBy": stopped}
    return field, summary


def _measure(candidate, x, y, weights, validation, score, classes, seed):
    xv, yv, wv = validation
    model = build(candidate["algorithm"], candidate["parameters"], bool(classes), seed)
    fit(model, x, y, weights)
    value = float(score(yv, predict(model, xv, len(classes)), wv))
    return {"candidate": candidate, "score": value if math.isfinite(value) else -math.inf, "model": model}


def predict(model, x, classes):
    """Probabilities [n, classes], or values [n] for a regression."""
    if not classes:
        return model.predict(x).astype(float)
    found = model.predict_proba(x)
    if found.shape[1] == classes:
        return found
    full = np.zeros((len(x), classes))
    full[:, model.classes_] = found
    return full


def _shuffled(y, random, stratify):
    """An order whose every beginning holds the classes in about their shares."""
    draws = random.random(len(y))
    if not stratify:
        return np.argsort(draws)
    for label in np.unique(y):
        rows = np.flatnonzero(y == label)
        draws[rows[np.argsort(draws[rows])]] = (np.arange(len(rows)) + random.random()) / len(rows)
    return np.argsort(draws, kind="stable")
