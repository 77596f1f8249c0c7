"""The page beside the code names every setting of a recipe and every field of the commands' JSON."""

from __future__ import annotations

import re
from dataclasses import fields

import pytest
from conftest import ROOT

import stance
from stance.learn import recipe
from stance.learn.compare import Comparison, Difference
from stance.learn.curve import CurvePoint, LearningCurve
from stance.learn.evaluate import Calibration, Evaluation, Slice, WrongCase
from stance.learn.tune import TrialResult, Tuning
from stance.model.explain import explain_text
from stance.model.weights import learned_weights

PAGE = (ROOT / "stance" / "learn" / "README.md").read_text(encoding="utf-8")
NAMED = set(re.findall(r"[A-Za-z_0-9]+", " ".join(re.findall(r"`[^`\n]+`", PAGE))))


@pytest.mark.parametrize(
    "result", [Evaluation, Calibration, Slice, WrongCase, Comparison, Difference, LearningCurve, CurvePoint, Tuning, TrialResult]
)
def test_fields_of_results(result):
    assert {f.name for f in fields(result)} <= NAMED


def test_fields_of_explanations():
    model = stance.load("stance-ar")
    found = explain_text(model, "أعربت فرنسا عن دعمها لوحدة ليبيا").to_dict()
    whole = learned_weights(model, 3, None).to_dict()
    keys = {*found, *found["contributions"][0], *found["words"][0], *whole, *next(iter(whole["toward"].values()))[0]}
    assert keys <= NAMED


def test_settings_of_recipes():
    assert recipe._TOP | {"C", "class_weight", "max_iter", "merge", "balance_within", "label_weights", "folds"} <= NAMED
