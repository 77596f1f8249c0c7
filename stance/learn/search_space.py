"""Where the tuner looks: features and classifier settings around a recipe, in terms of an optuna trial."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from stance.features.blocks import Block
from stance.learn.recipe import Recipe

if TYPE_CHECKING:
    from optuna import Trial

C_RANGE = (0.1, 100.0)
RAREST = 15
PLAIN = ("char_wb", "class", "class_pair")


def _block(recipe: Recipe, analyzer: str, **settings: Any) -> Block:
    """Return the recipe's block of a kind, or a plain one, with some settings changed."""
    known = (block for block in recipe.blocks if block.analyzer == analyzer)
    return replace(
        next(known, Block(analyzer, token="surface" if analyzer in PLAIN else "masked", min_df=2)), **settings
    )


def _word(trial: Trial, recipe: Recipe, sublinear: bool) -> Block:
    token = trial.suggest_categorical(
        "word.token", ["surface", "stem", "masked"] if recipe.lexicon else ["surface", "stem"]
    )
    longest, rare = trial.suggest_int("word.longest", 1, 3), trial.suggest_int("word.min_df", 1, RAREST)
    return _block(recipe, "word", ngram_range=(1, longest), token=token, min_df=rare, sublinear_tf=sublinear)


def _char_wb(trial: Trial, recipe: Recipe, sublinear: bool) -> Block:
    shortest, longest = (
        trial.suggest_int("char_wb.shortest", 2, 3),
        trial.suggest_int("char_wb.longest", 4, 6),
    )
    rare = trial.suggest_int("char_wb.min_df", 2, RAREST)
    return _block(recipe, "char_wb", ngram_range=(shortest, longest), min_df=rare, sublinear_tf=sublinear)


def suggest(trial: Trial, recipe: Recipe) -> Recipe:
    """Return the recipe with the features and settings that a trial proposes.

    Which blocks there are (n-grams of words, of characters, or both; with a lexicon also cue pairs, outline, word classes,
    cues with word classes and pairs of classes; one of each kind), their n-gram lengths, smallest document frequency, token form and window,
    the sublinear term frequency of all, C (0.1 to 100, logarithmic) and the class weights. Everything else,
    such as norms and weights of blocks, stays as the recipe has it, but for the limit of size, which is left to the training.
    """
    lexicon = bool(recipe.lexicon)
    sublinear = trial.suggest_categorical("sublinear_tf", [True, False])
    ngrams = trial.suggest_categorical("ngrams", ["word", "char_wb", "word + char_wb"])
    blocks = []
    if "word" in ngrams:
        blocks.append(_word(trial, recipe, sublinear))
    if "char_wb" in ngrams:
        blocks.append(_char_wb(trial, recipe, sublinear))
    if lexicon and trial.suggest_categorical("cue", [True, False]):
        window, rare = trial.suggest_int("cue.window", 1, 8), trial.suggest_int("cue.min_df", 1, RAREST)
        blocks.append(_block(recipe, "cue", window=window, min_df=rare, sublinear_tf=sublinear))
    if lexicon and trial.suggest_categorical("outline", [True, False]):
        blocks.append(_block(recipe, "outline", sublinear_tf=sublinear))
    if lexicon and trial.suggest_categorical("class", [True, False]):
        longest = trial.suggest_int("class.longest", 1, 5)
        blocks.append(_block(recipe, "class", ngram_range=(1, longest), sublinear_tf=sublinear))
    if lexicon and trial.suggest_categorical("cue_class", [True, False]):
        window = trial.suggest_int("cue_class.window", 1, 12)
        blocks.append(_block(recipe, "cue_class", window=window, sublinear_tf=sublinear))
    if lexicon and trial.suggest_categorical("class_pair", [True, False]):
        blocks.append(_block(recipe, "class_pair", sublinear_tf=sublinear))
    order = [block.analyzer for block in recipe.blocks]
    blocks.sort(key=lambda block: order.index(block.analyzer) if block.analyzer in order else len(order))
    weight = trial.suggest_categorical("class_weight", ["balanced", "none"])
    strength = round(trial.suggest_float("C", *C_RANGE, log=True), 3)
    return replace(
        recipe,
        blocks=tuple(blocks),
        C=strength,
        class_weight=None if weight == "none" else weight,
        max_size=None,
    )


def _nearest(value: float, low: float, high: float) -> float:
    return min(max(value, low), high)


def starting_point(recipe: Recipe) -> dict[str, Any]:
    """Return the settings of `suggest` that come nearest to a recipe: where a search begins.

    Settings of a block that the recipe lacks are left to the search.
    """
    blocks = {block.analyzer: block for block in recipe.blocks}
    ngrams = [name for name in ("word", "char_wb") if name in blocks] or ["word"]

    def rare(block: Block, low: int) -> int:
        return int(_nearest(block.min_df, low, RAREST)) if isinstance(block.min_df, int) else low

    found: dict[str, Any] = {
        "sublinear_tf": recipe.blocks[0].sublinear_tf, "ngrams": " + ".join(ngrams),
        "class_weight": recipe.class_weight or "none", "C": _nearest(recipe.C, *C_RANGE),
    }  # fmt: skip
    if word := blocks.get("word"):
        found |= {
            "word.token": word.token,
            "word.longest": int(_nearest(word.ngram_range[1], 1, 3)),
            "word.min_df": rare(word, 1),
        }
    if char_wb := blocks.get("char_wb"):
        shortest, longest = char_wb.ngram_range
        found |= {
            "char_wb.shortest": int(_nearest(shortest, 2, 3)),
            "char_wb.longest": int(_nearest(longest, 4, 6)),
        }
        found["char_wb.min_df"] = rare(char_wb, 2)
    if recipe.lexicon:
        found |= {kind: kind in blocks for kind in ("cue", "outline", "class", "cue_class", "class_pair")}
        if cue := blocks.get("cue"):
            found |= {"cue.window": int(_nearest(cue.window, 1, 8)), "cue.min_df": rare(cue, 1)}
        if classes := blocks.get("class"):
            found["class.longest"] = int(_nearest(classes.ngram_range[1], 1, 5))
        if cue_class := blocks.get("cue_class"):
            found["cue_class.window"] = int(_nearest(cue_class.window, 1, 12))
    return found
