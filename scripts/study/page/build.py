"""A page from a study's tables: gathers them, fills the template, puts images and the chart library beside it."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from study.core import atomic_io, readers
from study.core import results as core_results
from study.core.errors import StudyError, allowed
from study.figures import palette
from study.page import links as page_links
from study.page import payload, row_files, rule_graph
from study.page import script as page_script
from study.page import tables as page_tables

HERE = Path(__file__).parent
PARTS = (*(f"templates/{name}.html.j2" for name in ("index", "chart", "images", "macros")), "static/page.css")
LIBRARY = "page/plotly.min.js"
NEEDED = ("study", "config", "metrics", "sets", "codecs", "files", "locks", "graph")
TITLES = {
    "published_check.csv": "Means against published ones",
    "published_bd.csv": "BD-rates against published curves, in %",
}
FIRST = ("verdict", "text", "decoded", "edit", "value", "side_information")
_KNOWN = ("rd.csv", "means.csv", "codecs.csv", "bd.csv", "complexity.csv", "timing.csv", "published.csv", "audit.csv")


def parts_hash() -> str:
    """16 hex digits of the content of the page's template, style and script."""
    digest = hashlib.sha256(page_script.joined().encode())
    for name in PARTS:
        digest.update(f"{name}\0".encode() + (HERE / name).read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def build(plan: Mapping, results: Path, out: Path) -> None:
    """Write the page `out` into the study's folder, after all that it needs beside it.

    `plan` is what `payloads.page` gives; `results` is the folder of the records. The same records, tables and plan give
    the same bytes. Raises StudyError for a plan that lacks a key, and for tables and files that are not there.
    """
    for key in NEEDED:
        if key not in plan:
            raise StudyError(f"the page's plan has no {key!r}; {allowed(key, plan)}")
    folder = out.parent
    tables = {name: _read(folder / name) for name in _KNOWN if name in plan["files"]}
    rows = {Path(name).stem: table for name, table in tables.items()}
    if absent := [name for name in ("rd", "means", "codecs") if name not in rows]:
        raise StudyError(f"the page needs {absent[0]}.csv among the plan's files; {allowed(absent[0], plan['files'])}")
    known = palette.styles(rows["codecs"])
    cells = [(name, str(quality)) for name, entry in plan["codecs"].items() for quality in entry["qualities"]]
    maps = "flip" in plan["metrics"]
    links = page_links.links(results, plan["sets"], cells, maps)
    images = {
        name: [row | {"part": part} for part in parts for row in _read(Path(core_results.images(part, results)))]
        for name, parts in plan["sets"].items()
    }
    latents = _latents(plan["files"], folder, results, links)
    first, *others = row_files.groups(rows["rd"])
    data = payload.study(plan, rows | {"rd": first}, images, known, links)
    data["rows"] = row_files.place(folder, others, plan["metrics"])
    text = render(
        {
            "plan": plan,
            "data": payload.as_text(data),
            "script": page_script.joined(),
            "css": (HERE / "static" / "page.css").read_text(encoding="utf-8"),
            "library": LIBRARY,
            **_sections(plan, rows, known, folder),
            "latents": latents,
            "maps": maps,
        }
    )
    page_links.write(folder, links)
    copy_library(folder / LIBRARY)
    atomic_io.write_text(out, text)


def render(context: Mapping, template: str = "index.html.j2") -> str:
    """A page's HTML."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template).render(context)


def _sections(plan: Mapping, rows: Mapping[str, list], known: Mapping[str, palette.Style], folder: Path) -> dict:
    provenance = json.loads((folder / "provenance.json").read_text(encoding="utf-8"))
    config = json.dumps(plan["config"], indent=2, ensure_ascii=False)
    cells = {record["rule"]: record["records"] for record in provenance["records"] if record["rule"] != "fetch_images"}
    return {
        "bd": page_tables.bd_matrices(rows["bd"], known) if rows.get("bd") else [],
        "bd_images": page_tables.bd_images(rows.get("bd", []), known),
        "bd_worst": page_tables.worst_images(rows.get("bd", []), known),
        "means": page_tables.means(rows["means"], plan["metrics"], known),
        "costs": page_tables.costs(rows["rd"], rows.get("complexity", []), known, rows.get("timing", [])),
        "missing": page_tables.missing(rows["rd"], known),
        "claims": _tables(plan, folder, "claims"),
        "check": _tables(plan, folder, "published_check") + _tables(plan, folder, "published_bd"),
        "audit": _tables(plan, folder, "audit"),
        "opinions": _opinions(plan, folder),
        "exports": [name for name in plan["files"] if name.startswith("exports/")],
        "figures": _figures(plan["files"]),
        "provenance": provenance,
        "times": [(stage, sum(float(row[stage] or 0) for row in rows["rd"])) for stage in ("encode_s", "decode_s")],
        "config": config,
        "config_hash": hashlib.sha256(config.encode()).hexdigest()[:16],
        "codec_rows": rows["codecs"],
        "workflow": rule_graph.drawing(plan["graph"]["edges"], cells),
    }


def _tables(plan: Mapping, folder: Path, stem: str) -> list[page_tables.Table]:
    """The tables among the study's files whose names begin so, such as claims.csv and claims_figures.csv."""
    names = [name for name in plan["files"] if name.endswith(".csv") and "/" not in name and name.startswith(stem)]
    titles = {name: TITLES.get(name) or Path(name).stem.replace("_", " ").capitalize() for name in names}
    return [page_tables.generic(titles[name], _read(folder / name), name, first=FIRST) for name in names]


def _opinions(plan: Mapping, folder: Path) -> dict:
    """Tables and figures of the opinion test, and whether its observers are simulated; no tables without answers."""
    names = [name for name in plan["files"] if name.startswith("opinions_")]
    shown = [name for name in plan["files"] if PurePosixPath(name).name == "opinions.png"]
    simulated = any(row["simulated"] == "yes" for name in names for row in _read(folder / name))
    return {"tables": _tables(plan, folder, "opinions_"), "figures": shown, "simulated": simulated}


def _figures(names: Sequence[str]) -> dict[str, list[tuple[str, list[str]]]]:
    """For each image set its figures, but those of single images: (name, paths)."""
    by_set: dict[str, dict[str, list[str]]] = {}
    for name in names:
        path = PurePosixPath(name)
        if path.parts[0] == "figures" and len(path.parts) == 3 and path.parts[1] != "latents":
            by_set.setdefault(path.parts[1], {}).setdefault(path.stem, []).append(name)
    return {image_set: sorted(figures.items()) for image_set, figures in by_set.items()}


def _latents(names: Sequence[str], folder: Path, results: Path, links: dict[str, Path]) -> list[dict]:
    """For each experiment on latents its figures and tables: what lies in latents/<name>/, figures/latents/<name>/.

    A table figures.csv lists figures that lie beside it (with a `caption`, if it has that column). An image that
    another table names by its path under `results` is added to `links`.
    """

    def find(name: str) -> str:
        if not (results / name).is_file():
            return ""
        links[f"{page_links.FOLDER}/{name}"] = results / name
        return f"{page_links.FOLDER}/{name}"

    by_experiment: dict[str, dict[str, list]] = {}
    for name in names:
        path = PurePosixPath(name)
        inside = path.parts[1:] if path.parts[0] == "figures" else path.parts
        if inside[0] != "latents" or len(inside) < 3:
            continue
        group = by_experiment.setdefault(inside[1], {"figures": [], "tables": []})
        where = " / ".join(inside[2:-1])
        if path.name == "figures.csv":
            for row in _read(folder / name):
                file = next((text for text in row.values() if text and text.endswith(".png")), None)
                if file is not None and (folder / path.parent / file).is_file():
                    title = row.get("caption") or PurePosixPath(file).stem.replace("_", " ")
                    group["figures"].append((f"{where}: {title}" if where else title, f"{path.parent}/{file}"))
        elif path.suffix == ".png":
            title = path.stem.replace("_", " ")
            group["figures"].append((f"{where}: {title}" if where else title, name))
        elif path.suffix == ".csv":
            title = f"{where} {path.stem}".strip().capitalize()
            group["tables"].append(page_tables.generic(title, _read(folder / name), name, find, FIRST))
    return [{"title": name, **group} for name, group in by_experiment.items()]


def _read(path: Path) -> list[dict[str, str]]:
    try:
        return readers.read_rows(path)
    except OSError as error:
        raise StudyError(f"can't read {path}: {error.strerror}; the study's jobs write it") from None


def copy_library(target: Path) -> None:
    """Copy Plotly's script from its package, without importing the package. Raises StudyError."""
    package = importlib.util.find_spec("plotly")
    if package is None or not package.submodule_search_locations:
        raise StudyError(
            "the package plotly is not installed, whose script draws the page's charts; pip install plotly"
        )
    source = Path(package.submodule_search_locations[0], "package_data", "plotly.min.js")
    if not source.is_file():
        raise StudyError(f"the package plotly has no {source.name}; envs/study.txt names a version that has")
    if not target.is_file() or target.stat().st_size != source.stat().st_size:
        with atomic_io.replacing(target) as temporary:
            shutil.copyfile(source, temporary)
