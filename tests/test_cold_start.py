"""The first compilation: said, cached, and possible where nothing can be written."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest
from conftest import KERNEL, ROOT

EVERYTHING = "import stance; print(stance.predict_proba(['نص'] * 200).shape)"  # enough texts for the compiled kernel
ONE_FUNCTION = """
import numpy, stance
from stance.features import kernel
kernel.find_uncomposed(numpy.zeros(2, "u4"), numpy.array([[0, 2]]), numpy.zeros(9, "u1"))
print((200, 3))
"""  # where its result is kept does not depend on how much is compiled, and all of it would take half a minute each time


def installed(folder):
    """A copy of the package, as in site-packages."""
    for name in ("stance", "labels", "training", "models"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def run(site, home, code=ONE_FUNCTION):
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("NUMBA", "XDG", "PYTHON"))}
    environment |= {"PYTHONPATH": str(site), "HOME": str(home), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, cwd=site, capture_output=True, text=True, check=False)
    assert done.stdout == "(200, 3)\n", done.stderr
    return done.stderr


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    return installed(tmp_path_factory.mktemp("site"))


def block(path):
    """Make it impossible to create a folder here, for an administrator too: a file has its name."""
    path.touch()


def test_compiles_once_says_so_and_caches_beside_the_package(site, tmp_path):
    (tmp_path / "home").mkdir()
    assert "compiling" in run(site, tmp_path / "home")
    assert list((site / "stance" / "features" / "__pycache__").glob("kernel.find_uncomposed*.nbi"))
    assert run(site, tmp_path / "home") == ""
    shutil.rmtree(site / "stance" / "features" / "__pycache__")


def test_everything_that_is_compiled_is_read_from_the_cache(site, tmp_path):
    """With the cache that the tests themselves work with, which some other process has written."""
    cached = [path for path in (KERNEL / "__pycache__").glob("kernel.*") if path.suffix in (".nbi", ".nbc")]
    if not cached:
        pytest.skip("the checkout has no cache beside it: it cannot be written to")
    (tmp_path / "home").mkdir()
    folder = site / "stance" / "features" / "__pycache__"
    folder.mkdir()
    for path in cached:
        shutil.copy2(path, folder)
    assert run(site, tmp_path / "home", EVERYTHING) == ""
    shutil.rmtree(folder)
    assert not list((tmp_path / "home").rglob("*.nbi"))


def test_read_only_site_packages_cache_in_the_home_of_the_user(site, tmp_path):
    block(site / "stance" / "features" / "__pycache__")
    (tmp_path / "home").mkdir()
    assert "compiling" in run(site, tmp_path / "home")
    assert list((tmp_path / "home").rglob("kernel.find_uncomposed*.nbi"))
    assert run(site, tmp_path / "home") == ""


def test_nowhere_to_write_compiles_every_time_and_works(site, tmp_path):
    block(site / "stance" / "features" / "__pycache__")
    block(tmp_path / "home")
    assert "compiling" in run(site, tmp_path / "home")
