from __future__ import annotations

import os

import nbformat
from conftest import ROOT
from nbclient import NotebookClient


def test_the_notebook_runs():
    notebook = nbformat.read(ROOT / "training" / "quickstart.ipynb", as_version=4)
    NotebookClient(notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(ROOT)}}).execute()
    outputs = [o for cell in notebook.cells if cell.cell_type == "code" for o in cell.outputs]
    assert "support" in str(outputs)


def test_a_notebook_scores_into_a_file_with_processes_and_from_threads(tmp_path):
    """Processes are started afresh, and a notebook's kernel runs an event loop and has no file as its main module."""
    (tmp_path / "a.jsonl").write_text('{"text": "أيدت مالطا خطة السلام. وامتنعت قبرص عن التصويت."}\n' * 3000, encoding="utf-8")
    code = [
        "import stance; from stance.articles.stream import score_to_file; from concurrent.futures import ThreadPoolExecutor",
        "runs = [score_to_file(['a.jsonl'], f'{n}.csv', stance.load(), processes=n) for n in (1, 2)]; runs[1].processes, runs[1].sentences",
        "with ThreadPoolExecutor(4) as pool:\n"
        "    found = list(pool.map(lambda n: score_to_file(['a.jsonl'], f't{n}.csv', stance.load(), processes=1).sentences, range(4)))\n"
        "found, len({open(f'{n}.csv', 'rb').read() for n in (1, 2, 't0', 't1', 't2', 't3')})",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in code])
    path = {"PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    client = NotebookClient(notebook, timeout=180, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}})
    client.execute(env=os.environ | path)
    last = [cell.outputs[-1]["data"]["text/plain"] for cell in notebook.cells[1:]]
    assert last == ["(2, 6000)", "([6000, 6000, 6000, 6000], 1)"]
