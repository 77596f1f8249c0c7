"""The first compilation: said, cached, and possible where nothing can be written."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest
from conftest import ROOT

CODE = "import stance; print(stance.predict_proba(['نص'] * 200).shape)"  # enough texts for the compiled kernel


def installed(folder):
    """A copy of the package, as in site-packages."""
    for name in ("stance", "labels", "training", "models"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def run(site, home):
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("NUMBA", "XDG", "PYTHON"))}
    environment |= {"PYTHONPATH": str(site), "HOME": str(home), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run([sys.executable, "-c", CODE], env=environment, cwd=site, capture_output=True, text=True, check=False)
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
    assert list((site / "stance" / "features" / "__pycache__").glob("kernel.score_documents*.nbi"))
    assert run(site, tmp_path / "home") == ""
    shutil.rmtree(site / "stance" / "features" / "__pycache__")


def test_read_only_site_packages_cache_in_the_home_of_the_user(site, tmp_path):
    block(site / "stance" / "features" / "__pycache__")
    (tmp_path / "home").mkdir()
    assert "compiling" in run(site, tmp_path / "home")
    assert list((tmp_path / "home").rglob("kernel.score_documents*.nbi"))
    assert run(site, tmp_path / "home") == ""


def test_nowhere_to_write_compiles_every_time_and_works(site, tmp_path):
    block(site / "stance" / "features" / "__pycache__")
    block(tmp_path / "home")
    assert "compiling" in run(site, tmp_path / "home")
